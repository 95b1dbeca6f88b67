import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/kuma.ts";

export default defineScenario({
  name: "kuma-ports-of-uids",
  claim: "Ports excluded for some uids are left alone for these alone.",
  mesh: "kuma",
  capture: ["--exclude-outbound-ports-for-uids", "tcp:3306,8000-8100:2000-2002"],
  answer: {
    ...usual,
    "uid=2000 -> upstream:3306": "upstream:3306",
    "uid=2002 -> upstream:8000": "upstream:8000",
    "uid=2001 -> upstream:8100": "upstream:8100",
    "uid=1999 -> upstream:3306": "envoy-outbound:15001",
    "uid=2003 -> upstream:3306": "envoy-outbound:15001",
    "app -> upstream:3306": "envoy-outbound:15001",
    "uid=2000 -> upstream:3305": "envoy-outbound:15001",
    "uid=2000 -> upstream:3307": "envoy-outbound:15001",
    "uid=2000 -> upstream:7999": "envoy-outbound:15001",
    "uid=2000 -> upstream:8101": "envoy-outbound:15001",
    "gid=2000 -> upstream:3306": "envoy-outbound:15001",
  },
});
