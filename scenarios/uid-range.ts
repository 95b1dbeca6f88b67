import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "uid-range",
  claim: "A range in -u excludes its first and last uid from capture and no uid outside it.",
  capture: ["-u", "3000-3002", "-b", "*", "-i", "*"],
  answer: {
    "envoy -> upstream:80": "upstream:80",
    "uid=2999,gid=2999 -> upstream:80": "envoy-outbound:15001",
    "uid=3000,gid=1000 -> upstream:80": "upstream:80",
    "uid=3001,gid=1000 -> upstream:80": "upstream:80",
    "uid=3002,gid=1000 -> upstream:80": "upstream:80",
    "uid=3003,gid=3003 -> upstream:80": "envoy-outbound:15001",
    "uid=1000,gid=3002 -> upstream:80": "upstream:80",
  },
});
