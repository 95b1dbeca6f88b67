import { defineScenario } from "../harness/model/scenario.ts";

// mangle hands the first packet to the proxy's socket, nat then rewrites its destination: the answer belongs to neither connection.
export default defineScenario({
  name: "tproxy-and-kubevirt-collide",
  claim:
    "A virtual machine's call that TPROXY takes and a -k rule redirects as well is reset; where only one of them takes it, it reaches the proxy.",
  capture: ["-u", "1337", "-m", "TPROXY", "-b", "80,443", "-i", "10.96.0.0/16", "-k", "net1"],
  answer: {
    "vm -> 10.96.0.1:80": "reset",
    "vm -> 10.96.0.1:443": "reset",
    "vm -> 10.96.0.1:81": "envoy-outbound:15001",
    "vm -> 10.97.0.1:80": "envoy-outbound:15001",
    "client -> pod:80": "envoy-outbound:15001",
    "client -> pod:443": "envoy-outbound:15001",
  },
});
