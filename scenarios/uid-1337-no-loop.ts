import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "uid-1337-no-loop",
  claim: "No outbound connection of the proxy's uid or gid returns to the proxy.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  answer: {
    "envoy -> upstream:80": "upstream:80",
    "envoy -> upstream:443": "upstream:443",
    "envoy -> upstream:15001": "upstream:15001",
    "envoy -> upstream:15006": "upstream:15006",
    "envoy -> 10.96.0.1:80": "upstream:80",
    "envoy -> client:80": "client:80",
    "status -> upstream:80": "upstream:80",
    "uid=1337,gid=0 -> upstream:80": "upstream:80",
    "uid=0,gid=1337 -> upstream:80": "upstream:80",
    "uid=1336,gid=1336 -> upstream:80": "envoy-outbound:15001",
    "uid=1338,gid=1338 -> upstream:80": "envoy-outbound:15001",
    "envoy -> localhost:8080": "app:8080",
    "envoy@127.0.0.6 -> pod:8080": "app:8080",
    "envoy@127.0.0.6 -> localhost:8080": "app:8080",
  },
  forward: {
    "app -> upstream:80": "upstream:80 via envoy-outbound",
    "app -> 10.96.0.1:443": "upstream:443 via envoy-outbound",
  },
});
