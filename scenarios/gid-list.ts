import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "gid-list",
  claim: "Every group in -g is excluded from capture, including both ends of ranges, and only the listed users of -u.",
  capture: ["-u", "4000,4002", "-g", "5000,6000-6002", "-i", "*"],
  answer: {
    "uid=4000,gid=1 -> upstream:80": "upstream:80",
    "uid=4001,gid=1 -> upstream:80": "envoy-outbound:15001",
    "uid=4002,gid=1 -> upstream:80": "upstream:80",
    "uid=1,gid=4000 -> upstream:80": "envoy-outbound:15001",
    "uid=1,gid=5000 -> upstream:80": "upstream:80",
    "uid=1,gid=5999 -> upstream:80": "envoy-outbound:15001",
    "uid=1,gid=6000 -> upstream:80": "upstream:80",
    "uid=1,gid=6002 -> upstream:80": "upstream:80",
    "uid=1,gid=6003 -> upstream:80": "envoy-outbound:15001",
    "root -> upstream:80": "envoy-outbound:15001",
  },
});
