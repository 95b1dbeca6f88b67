import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-virtual-machine",
  claim:
    "What a virtual machine behind an interface of -k dials in -i is outbound traffic, even to the pod; the rest of it is left alone.",
  mesh: "istio",
  capture: ["-u", "1337", "-b", "*", "-i", "10.0.0.0/8", "-k", "net1"],
  answer: {
    ...usual,
    "vm -> upstream:80": "envoy-outbound:15001",
    "vm -> pod:8080": "envoy-outbound:15001",
    "vm -> 192.0.2.1:80": "upstream:80",
    "app -> 192.0.2.1:80": "upstream:80",
    "vm -> 11.0.0.0:1": "upstream:1",
    "vm -> 10.0.0.0:1": "envoy-outbound:15001",
    "root -> 11.0.0.0:1": "upstream:1",
    "root -> 10.0.0.0:1": "envoy-outbound:15001",
  },
});
