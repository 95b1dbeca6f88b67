import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-owner-groups",
  claim: "With owner groups only these groups' outbound traffic is captured.",
  mesh: "istio",
  capture: ["-u", "1337", "-b", "*", "-i", "*"],
  environment: { ISTIO_OUTBOUND_OWNER_GROUPS: "2000,2001" },
  answer: {
    ...usual,
    "app,gid=2000 -> upstream:80": "envoy-outbound:15001",
    "app,gid=2001 -> upstream:80": "envoy-outbound:15001",
    "app -> upstream:80": "upstream:80",
    "app,gid=1999 -> upstream:80": "upstream:80",
    "app,gid=2002 -> upstream:80": "upstream:80",
    "root -> upstream:80": "upstream:80",
    "uid=1336,gid=2000 -> upstream:80": "envoy-outbound:15001",
    "uid=1338,gid=2000 -> upstream:80": "envoy-outbound:15001",
    "uid=1337,gid=2000 -> upstream:80": "upstream:80",
    "uid=1336 -> upstream:80": "upstream:80",
    "uid=1338 -> upstream:80": "upstream:80",
    "gid=1336 -> upstream:80": "upstream:80",
    "gid=1338 -> upstream:80": "upstream:80",
  },
});
