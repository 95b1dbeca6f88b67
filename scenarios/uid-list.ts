import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "uid-list",
  claim: "Every uid in -u is excluded from capture, and so is each as a gid.",
  capture: ["-u", "1337,2000", "-b", "*", "-i", "*"],
  answer: {
    "envoy -> upstream:80": "upstream:80",
    "uid=2000,gid=1000 -> upstream:80": "upstream:80",
    "uid=1000,gid=2000 -> upstream:80": "upstream:80",
    "uid=1336,gid=1336 -> upstream:80": "envoy-outbound:15001",
    "uid=1338,gid=1338 -> upstream:80": "envoy-outbound:15001",
    "uid=1999,gid=1999 -> upstream:80": "envoy-outbound:15001",
    "uid=2001,gid=2001 -> upstream:80": "envoy-outbound:15001",
  },
});
