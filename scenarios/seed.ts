import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "seed",
  claim:
    "The seed command redirects all inbound traffic to 15006 and all outbound traffic to 15001, except the proxy's own.",
  capture: [
    ...["-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT"],
    ...["-i", "*", "-x", "", "-b", "*", "-d", "15020"],
  ],
  answer: {
    "client -> pod:8080": "envoy-inbound:15006",
    "client -> pod:9090": "envoy-inbound:15006",
    "client -> pod:15001": "envoy-inbound:15006",
    "client -> pod:15020": "status:15020",
    "client -> pod:22": "app:22",
    "app -> upstream:80": "envoy-outbound:15001",
    "app -> upstream:15020": "envoy-outbound:15001",
    "root -> upstream:80": "envoy-outbound:15001",
    "envoy -> upstream:80": "upstream:80",
    "uid=1337,gid=1000 -> upstream:80": "upstream:80",
    "uid=1000,gid=1337 -> upstream:80": "upstream:80",
    "app -> localhost:8080": "app:8080",
    "envoy -> localhost:8080": "app:8080",
    "app -> pod:8080": "envoy-inbound:15006",
    "app -> 127.0.0.2:8080": "envoy-inbound:15006",
    "envoy -> pod:8080": "envoy-inbound:15006",
    "envoy@127.0.0.6 -> pod:8080": "app:8080",
  },
  forward: {
    "client -> pod:8080": "app:8080 via envoy-inbound from 127.0.0.6",
    "app -> upstream:80": "upstream:80 via envoy-outbound",
  },
});
