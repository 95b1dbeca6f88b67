import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/consul.ts";

export default defineScenario({
  name: "consul-exclusions",
  claim: "Excluded ports and networks are left alone, and their neighbours are captured.",
  mesh: "consul",
  capture: [],
  meshConfig:
    '{"ProxyUserID": "5995", "ProxyInboundPort": 20000, "ProxyOutboundPort": 15001, "ExcludeInboundPorts": ["22", "9000:9010"], "ExcludeOutboundPorts": ["443"], "ExcludeOutboundCIDRs": ["10.96.8.0/24", "192.0.2.1"]}',
  listen: [9000, 9010],
  answer: {
    ...usual,
    "client -> pod:22": "app:22",
    "client -> pod:21": "public:20000",
    "client -> pod:23": "public:20000",
    "client -> pod:9000": "app:9000",
    "client -> pod:9010": "app:9010",
    "client -> pod:8999": "public:20000",
    "client -> pod:9011": "public:20000",
    "app -> upstream:443": "upstream:443",
    "app -> upstream:442": "envoy-outbound:15001",
    "app -> upstream:444": "envoy-outbound:15001",
    "app -> 10.96.8.0:80": "upstream:80",
    "app -> 10.96.8.255:80": "upstream:80",
    "app -> 10.96.7.255:80": "envoy-outbound:15001",
    "app -> 10.96.9.0:80": "envoy-outbound:15001",
    "app -> 192.0.2.1:80": "upstream:80",
    "app -> 192.0.2.0:80": "envoy-outbound:15001",
    "app -> 192.0.2.2:80": "envoy-outbound:15001",
    "uid=5996 -> 192.0.2.2:1": "envoy-outbound:15001",
  },
});
