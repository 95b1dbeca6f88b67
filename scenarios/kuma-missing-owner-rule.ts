import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/kuma.ts";

export default defineScenario({
  name: "kuma-missing-owner-rule",
  claim: "Without the rule for Envoy's uid what Envoy sends on comes back to it.",
  mesh: "kuma",
  capture: [],
  without: [
    {
      family: 4,
      table: "nat",
      rule: '-A KUMA_MESH_OUTBOUND -m comment --comment "kuma/mesh/transparent/proxy/return outbound traffic owned by UID 5678 (kuma-dp user)" -m owner --uid-owner 5678 -j RETURN',
    },
  ],
  answer: {
    ...usual,
    "envoy -> upstream:80": "envoy-outbound:15001",
    "uid=5678 -> upstream:80": "envoy-outbound:15001",
    "envoy -> pod:8080": "envoy-inbound:15006",
  },
  forward: {
    "app -> upstream:80": "loop",
  },
});
