import { defineScenario } from "../harness/model/scenario.ts";

// The exclusion counts for the pod's own calls alone: the rules of virtual machines know no -x.
export default defineScenario({
  name: "kubevirt-ranges",
  claim:
    "With ranges in -i only a virtual machine's calls into them are captured; everything else of it passes, past the inbound capture, and -x does not count.",
  capture: ["-u", "1337", "-i", "10.96.0.0/16,10.98.0.0/24", "-x", "10.96.8.0/24", "-b", "*", "-k", "net1"],
  answer: {
    "vm -> 10.96.0.1:80": "envoy-outbound:15001",
    "vm -> 10.96.8.1:80": "envoy-outbound:15001",
    "vm -> 10.98.0.255:443": "envoy-outbound:15001",
    "vm -> 10.97.0.1:80": "upstream:80",
    "vm -> 10.98.1.0:80": "upstream:80",
    "vm -> upstream:80": "upstream:80",
    "vm -> pod:8080": "app:8080",
    "app -> 10.96.0.1:80": "envoy-outbound:15001",
    "app -> 10.96.8.1:80": "upstream:80",
    "app -> 10.98.0.255:443": "envoy-outbound:15001",
    "client -> pod:8080": "envoy-inbound:15006",
  },
});
