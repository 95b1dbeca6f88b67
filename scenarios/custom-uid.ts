import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "custom-uid",
  claim: "-u sets the proxy's uid and gid, and 1337 has no special meaning.",
  capture: ["-u", "2002", "-b", "*", "-i", "*"],
  answer: {
    "envoy -> upstream:80": "upstream:80",
    "uid=2002,gid=1000 -> upstream:80": "upstream:80",
    "uid=1000,gid=2002 -> upstream:80": "upstream:80",
    "uid=2001,gid=2001 -> upstream:80": "envoy-outbound:15001",
    "uid=2003,gid=2003 -> upstream:80": "envoy-outbound:15001",
    "uid=1337,gid=1337 -> upstream:80": "envoy-outbound:15001",
    "root -> upstream:80": "envoy-outbound:15001",
    "app -> upstream:80": "envoy-outbound:15001",
    "client -> pod:8080": "envoy-inbound:15006",
  },
  forward: {
    "app -> upstream:80": "upstream:80 via envoy-outbound",
    "client -> pod:8080": "app:8080 via envoy-inbound from 127.0.0.6",
  },
});
