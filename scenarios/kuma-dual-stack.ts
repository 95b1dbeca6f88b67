import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/kuma.ts";

export default defineScenario({
  name: "kuma-dual-stack",
  claim: "A pod of both families is captured in both alike.",
  mesh: "kuma",
  capture: [],
  pod: "dual",
  answer: {
    ...usual,
    "client6 -> pod6:8080": "envoy-inbound:15006",
    "app -> upstream6:80": "envoy-outbound:15001",
    "envoy -> upstream6:80": "upstream:80",
    "app -> localhost6:8080": "app:8080",
    "app -> pod6:8080": "app:8080",
    "envoy -> pod6:8080": "envoy-inbound:15006",
    "envoy@[::6] -> pod6:8080": "app:8080",
    "uid=5678 -> pod6:8080": "envoy-inbound:15006",
    "uid=5678 -> localhost6:8080": "app:8080",
    "gid=5678 -> pod6:8080": "app:8080",
    "uid=5677 -> pod6:8080": "app:8080",
    "uid=5679 -> pod6:8080": "app:8080",
    "uid=5678 -> upstream6:80": "upstream:80",
    "gid=5678 -> upstream6:80": "envoy-outbound:15001",
    "uid=5677 -> upstream6:80": "envoy-outbound:15001",
    "uid=5679 -> upstream6:80": "envoy-outbound:15001",
    "app@[::6] -> upstream6:80": "envoy-outbound:15001",
    "uid=5678@[::1] -> [::6]:1": "envoy-inbound:15006",
  },
});
