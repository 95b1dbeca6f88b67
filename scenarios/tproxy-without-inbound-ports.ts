import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "tproxy-without-inbound-ports",
  claim: "TPROXY without inbound ports captures nothing inbound; outbound traffic is redirected as usual.",
  capture: ["-u", "1337", "-m", "TPROXY", "-i", "*"],
  answer: {
    "client -> pod:8080": "app:8080",
    "client -> pod:9091": "refused",
    "app -> upstream:80": "envoy-outbound:15001",
    "app -> pod:8080": "envoy-outbound:15001",
  },
});
