import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-tunnel-port",
  claim: "The tunnel's port that -e names is reached as it is dialled, and the usual one is captured like any other.",
  mesh: "istio",
  capture: ["-u", "1337", "-b", "*", "-i", "*", "-e", "25008"],
  answer: {
    ...usual,
    "client -> pod:25008": "tunnel:25008",
    "client -> pod:15008": "envoy-inbound:15006",
    "client -> pod:25007": "envoy-inbound:15006",
    "client -> pod:25009": "envoy-inbound:15006",
    "envoy -> pod:25008": "tunnel:25008",
    "uid=1337 -> pod:25008": "tunnel:25008",
    "uid=1337 -> pod:25007": "envoy-inbound:15006",
    "uid=1337 -> pod:25009": "envoy-inbound:15006",
    "uid=1337 -> pod:15008": "envoy-inbound:15006",
    "envoy -> pod:15008": "envoy-inbound:15006",
    "app -> upstream:25008": "envoy-outbound:15001",
  },
});
