import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "missing-self-call-rule",
  claim:
    "Without the rule for what leaves by lo a call to the pod's own address is outbound for the app, and direct for the proxy.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  without: [{ family: 4, table: "nat", rule: "-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -j ISTIO_IN_REDIRECT" }],
  answer: {
    "app -> pod:8080": "envoy-outbound:15001",
    "app -> 127.0.0.2:8080": "envoy-outbound:15001",
    "envoy -> pod:8080": "app:8080",
    "envoy@127.0.0.6 -> pod:8080": "app:8080",
    "app -> localhost:8080": "app:8080",
  },
});
