import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/ambient.ts";

export default defineScenario({
  name: "ambient-virtual-machine",
  claim: "TCP that comes in by a virtual interface goes to 15001, even to the tunnel's port.",
  mesh: "istio-ambient",
  capture: ["--reroute-virtual-interfaces", "net1"],
  answer: {
    ...usual,
    "vm -> upstream:80": "envoy-outbound:15001",
    "vm -> pod:8080": "envoy-outbound:15001",
    "vm -> pod:15008": "envoy-outbound:15001",
    "vm -> upstream:443/udp": "upstream:443",
  },
});
