import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "kubevirt-without-outbound",
  claim: "Without -i a virtual machine's connections are not captured, not even as inbound traffic.",
  capture: ["-u", "1337", "-b", "*", "-k", "net1"],
  answer: {
    "vm -> pod:8080": "app:8080",
    "vm -> upstream:80": "upstream:80",
    "client -> pod:8080": "envoy-inbound:15006",
  },
});
