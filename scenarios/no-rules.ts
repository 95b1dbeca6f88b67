import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "no-rules",
  claim: "Without rules every flow lands where it was dialled.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  rules: {
    ip: "",
    ip6: "",
  },
  answer: {
    "client -> pod:8080": "app:8080",
    "client -> pod:9090": "refused",
    "client -> pod:15001": "envoy-outbound:15001",
    "client -> pod:15006": "envoy-inbound:15006",
    "client -> pod:15020": "status:15020",
    "app -> upstream:80": "upstream:80",
    "envoy -> upstream:80": "upstream:80",
    "app -> pod:8080": "app:8080",
    "app -> localhost:8080": "app:8080",
    "app -> 10.96.0.1:443": "upstream:443",
    "client6 -> pod6:8080": "app:8080",
    "app -> upstream6:80": "upstream:80",
    "app -> localhost6:8080": "app:8080",
    "app -> pod6:9090": "refused",
    "envoy@127.0.0.6 -> pod:8080": "app:8080",
  },
  forward: {
    "client -> pod:8080": "app:8080",
    "app -> upstream:80": "upstream:80",
  },
});
