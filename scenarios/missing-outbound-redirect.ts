import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "missing-outbound-redirect",
  claim:
    "Without the last rule of ISTIO_OUTPUT outbound traffic bypasses the proxy; calls to the pod's own address do not.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  without: [{ family: 4, table: "nat", rule: "-A ISTIO_OUTPUT -j ISTIO_REDIRECT" }],
  answer: {
    "app -> upstream:80": "upstream:80",
    "app -> 10.96.0.1:443": "upstream:443",
    "app -> pod:8080": "envoy-inbound:15006",
    "client -> pod:8080": "envoy-inbound:15006",
  },
});
