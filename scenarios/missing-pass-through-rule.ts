import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "missing-pass-through-rule",
  claim: "Without the rule for 127.0.0.6 the proxy's forwarded connections loop.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  without: [{ family: 4, table: "nat", rule: "-A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN" }],
  answer: {
    "client -> pod:8080": "envoy-inbound:15006",
    "envoy@127.0.0.6 -> pod:8080": "envoy-inbound:15006",
  },
  forward: {
    "client -> pod:8080": "loop via envoy-inbound,envoy-inbound",
    "app -> pod:8080": "loop via envoy-inbound",
    "app -> upstream:80": "upstream:80 via envoy-outbound",
  },
});
