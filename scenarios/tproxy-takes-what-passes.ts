import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "tproxy-takes-what-passes",
  claim:
    "TPROXY stands ahead of the kubevirt rules: with every port included it takes a virtual machine's calls too, and those to excluded ports fall to the kubevirt rules.",
  capture: ["-u", "1337", "-m", "TPROXY", "-b", "*", "-d", "3306", "-k", "net1", "-i", "10.96.0.0/16"],
  answer: {
    "vm -> upstream:80": "envoy-outbound:15001",
    "vm -> 10.96.0.1:3306": "envoy-outbound:15001",
    "vm -> pod:8080": "envoy-outbound:15001",
    "vm -> pod:22": "app:22",
  },
});
