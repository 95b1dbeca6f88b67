import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/consul.ts";

export default defineScenario({
  name: "consul-uids",
  claim: "Further uids are left alone as the proxy's is, and no uid beside them.",
  mesh: "consul",
  capture: [],
  meshConfig:
    '{"ProxyUserID": "5995", "ProxyInboundPort": 20000, "ProxyOutboundPort": 15001, "ExcludeUIDs": ["2000-2002", "5000"]}',
  answer: {
    ...usual,
    "uid=2000 -> upstream:80": "upstream:80",
    "uid=2002 -> upstream:80": "upstream:80",
    "uid=1999 -> upstream:80": "envoy-outbound:15001",
    "uid=2003 -> upstream:80": "envoy-outbound:15001",
    "uid=5000 -> upstream:80": "upstream:80",
    "uid=4999 -> upstream:80": "envoy-outbound:15001",
    "uid=5001 -> upstream:80": "envoy-outbound:15001",
    "uid=5996 -> upstream:80": "envoy-outbound:15001",
    "gid=2000 -> upstream:80": "envoy-outbound:15001",
  },
});
