import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "kubevirt-outbound",
  claim:
    "Whatever a virtual machine behind a -k interface dials goes to the proxy port as outbound, the pod's own ports too; other inbound traffic is captured as ever.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020", "-k", "net1"],
  answer: {
    "vm -> upstream:80": "envoy-outbound:15001",
    "vm -> upstream:22": "envoy-outbound:15001",
    "vm -> pod:8080": "envoy-outbound:15001",
    "vm -> pod:22": "envoy-outbound:15001",
    "vm -> pod:15020": "envoy-outbound:15001",
    "client -> pod:8080": "envoy-inbound:15006",
    "client -> pod:22": "app:22",
    "app -> upstream:80": "envoy-outbound:15001",
  },
  forward: {
    "vm -> upstream:80": "upstream:80 via envoy-outbound",
  },
});
