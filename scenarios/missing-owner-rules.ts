import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "missing-owner-rules",
  claim: "Without the rules for uid and gid the proxy's outbound connections loop.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  without: [
    { family: 4, table: "nat", rule: "-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN" },
    { family: 4, table: "nat", rule: "-A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN" },
  ],
  answer: {
    "envoy -> upstream:80": "envoy-outbound:15001",
    "app -> upstream:80": "envoy-outbound:15001",
    "client -> pod:8080": "envoy-inbound:15006",
  },
  forward: {
    "app -> upstream:80": "loop via envoy-outbound,envoy-outbound",
    "envoy -> upstream:80": "loop",
    "app -> 10.96.0.1:443": "loop",
    "client -> pod:8080": "app:8080 via envoy-inbound from 127.0.0.6",
  },
});
