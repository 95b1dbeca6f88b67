import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "no-inbound-capture",
  claim: "With an empty -b inbound traffic is not captured, and outbound traffic is.",
  capture: ["-u", "1337", "-i", "*", "-b", ""],
  answer: {
    "client -> pod:8080": "app:8080",
    "client -> pod:22": "app:22",
    "client -> pod:15020": "status:15020",
    "client -> pod:9090": "refused",
    "client -> pod:15001": "envoy-outbound:15001",
    "client -> pod:15006": "envoy-inbound:15006",
    "upstream -> pod:8080": "app:8080",
    "app -> upstream:80": "envoy-outbound:15001",
    "envoy -> upstream:80": "upstream:80",
    "app -> localhost:8080": "app:8080",
    "app -> pod:8080": "envoy-outbound:15001",
    "envoy -> pod:8080": "envoy-outbound:15001",
    "envoy@127.0.0.6 -> pod:8080": "app:8080",
  },
  forward: {
    "app -> pod:8080": "app:8080 via envoy-outbound from 127.0.0.1",
    "app -> upstream:80": "upstream:80 via envoy-outbound",
  },
});
