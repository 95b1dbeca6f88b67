import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/consul.ts";

export default defineScenario({
  name: "consul-dual-stack",
  claim: "With DualStack both families are captured, and DNS of IPv6 alone.",
  mesh: "consul",
  capture: [],
  meshConfig:
    '{"ProxyUserID": "5995", "ProxyInboundPort": 20000, "ProxyOutboundPort": 15001, "DualStack": true, "ConsulDNSPort": 8600}',
  pod: "dual",
  answer: {
    ...usual,
    "client6 -> pod6:8080": "public:20000",
    "app -> upstream6:80": "envoy-outbound:15001",
    "envoy -> upstream6:80": "upstream:80",
    "app -> localhost6:8080": "app:8080",
    "app -> pod6:8080": "envoy-outbound:15001",
    "app -> localhost6:53/udp": "consul-dns:8600",
    "app -> localhost6:53": "consul-dns:8600",
    "app -> localhost:53/udp": "refused",
    "uid=5996 -> upstream:81": "envoy-outbound:15001",
    "gid=5995 -> upstream6:81": "envoy-outbound:15001",
    "uid=5994 -> upstream6:81": "envoy-outbound:15001",
    "uid=5996 -> upstream6:81": "envoy-outbound:15001",
  },
});
