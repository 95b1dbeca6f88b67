import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "missing-inbound-jump",
  claim: "Without the jump from PREROUTING inbound traffic bypasses the proxy, and outbound traffic does not.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  without: [{ family: 4, table: "nat", rule: "-A PREROUTING -p tcp -j ISTIO_INBOUND" }],
  answer: {
    "client -> pod:8080": "app:8080",
    "client -> pod:9090": "refused",
    "upstream -> pod:8080": "app:8080",
    "app -> upstream:80": "envoy-outbound:15001",
    "app -> pod:8080": "envoy-inbound:15006",
  },
});
