import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "missing-loopback-rule",
  claim:
    "Without the rule for 127.0.0.1 the app's connections to localhost are captured as outbound; the proxy's are not.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  without: [{ family: 4, table: "nat", rule: "-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN" }],
  answer: {
    "app -> localhost:8080": "envoy-outbound:15001",
    "root -> localhost:22": "envoy-outbound:15001",
    "app -> localhost:9090": "envoy-outbound:15001",
    "envoy -> localhost:8080": "app:8080",
    "app -> pod:8080": "envoy-inbound:15006",
  },
});
