import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "root-by-default",
  claim: "Without -u the owners excluded from capture are 1337 and root.",
  capture: ["-b", "*", "-i", "*"],
  answer: {
    "envoy -> upstream:80": "upstream:80",
    "root -> upstream:80": "upstream:80",
    "uid=0,gid=1000 -> upstream:80": "upstream:80",
    "uid=1000,gid=0 -> upstream:80": "upstream:80",
    "uid=1,gid=1 -> upstream:80": "envoy-outbound:15001",
    "app -> upstream:80": "envoy-outbound:15001",
    "root -> pod:8080": "envoy-inbound:15006",
  },
});
