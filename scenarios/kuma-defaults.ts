import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/kuma.ts";

export default defineScenario({
  name: "kuma-defaults",
  claim: "Kuma's own defaults capture IPv4 both ways, but not Envoy's traffic or connections inside the pod.",
  mesh: "kuma",
  capture: [],
  answer: {
    ...usual,
    "envoy -> pod:8080": "envoy-inbound:15006",
    "envoy@127.0.0.6 -> pod:8080": "app:8080",
  },
});
