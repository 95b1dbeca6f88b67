import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "custom-ports",
  claim: "With other ports in -p and -z, nothing listens on the usual ones.",
  capture: ["-p", "16001", "-z", "16006", "-u", "1337", "-b", "*", "-i", "*"],
  answer: {
    "client -> pod:8080": "envoy-inbound:16006",
    "client -> pod:15006": "envoy-inbound:16006",
    "client -> pod:16006": "envoy-inbound:16006",
    "client -> pod:16001": "envoy-inbound:16006",
    "app -> upstream:80": "envoy-outbound:16001",
    "app -> upstream:16001": "envoy-outbound:16001",
    "app -> pod:8080": "envoy-inbound:16006",
    "app -> localhost:16001": "envoy-outbound:16001",
    "app -> localhost:15001": "refused",
    "envoy -> upstream:80": "upstream:80",
  },
  forward: {
    "client -> pod:8080": "app:8080 via envoy-inbound from 127.0.0.6",
    "app -> upstream:80": "upstream:80 via envoy-outbound",
  },
});
