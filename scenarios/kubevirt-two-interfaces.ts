import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "kubevirt-two-interfaces",
  claim: "Every interface of the list counts, the first and the last.",
  capture: ["-u", "1337", "-i", "10.96.0.0/16", "-b", "8080", "-k", "net2,net1"],
  answer: {
    "vm -> 10.96.0.1:80": "envoy-outbound:15001",
    "vm -> 10.97.0.1:80": "upstream:80",
    "vm -> pod:8080": "app:8080",
    "client -> pod:8080": "envoy-outbound:15001",
  },
});
