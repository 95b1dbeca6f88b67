import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "missing-outbound-jump",
  claim: "Without the jump from OUTPUT all traffic from the pod bypasses the proxy, and inbound traffic does not.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  without: [{ family: 4, table: "nat", rule: "-A OUTPUT -p tcp -j ISTIO_OUTPUT" }],
  answer: {
    "app -> upstream:80": "upstream:80",
    "app -> pod:8080": "app:8080",
    "envoy -> pod:8080": "app:8080",
    "app -> localhost:8080": "app:8080",
    "client -> pod:8080": "envoy-inbound:15006",
  },
  forward: {
    "client -> pod:8080": "app:8080 via envoy-inbound from 127.0.0.6",
  },
});
