import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/kuma.ts";

export default defineScenario({
  name: "kuma-virtual-network",
  claim:
    "What comes from a virtual network is outbound traffic, but for what stays in that network; its DNS goes to 15053.",
  mesh: "kuma",
  capture: ["--vnet", "net1:10.245.0.0/16"],
  answer: {
    ...usual,
    "vm -> upstream:80": "envoy-outbound:15001",
    "vm -> 10.244.255.255:80": "envoy-outbound:15001",
    "vm -> 10.246.0.0:80": "envoy-outbound:15001",
    "vm -> pod:8080": "envoy-outbound:15001",
    "vm -> upstream:53/udp": "dns:15053",
    "vm -> upstream:54/udp": "upstream:54",
    "vm -> upstream:52/udp": "upstream:52",
    "client -> pod:53/udp": "refused",
  },
});
