import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "uid-and-gid-apart",
  claim: "With a separate gid in -g, matching the uid or the gid is enough, and neither number applies as the other.",
  capture: ["-u", "2002", "-g", "3003", "-b", "*", "-i", "*"],
  answer: {
    "envoy -> upstream:80": "upstream:80",
    "uid=2002,gid=1000 -> upstream:80": "upstream:80",
    "uid=1000,gid=3003 -> upstream:80": "upstream:80",
    "uid=3003,gid=1000 -> upstream:80": "envoy-outbound:15001",
    "uid=1000,gid=2002 -> upstream:80": "envoy-outbound:15001",
    "uid=3003,gid=2002 -> upstream:80": "envoy-outbound:15001",
    "app -> upstream:80": "envoy-outbound:15001",
  },
});
