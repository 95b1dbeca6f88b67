import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/consul.ts";

export default defineScenario({
  name: "consul-dns-anywhere",
  claim: "With an address of Consul's DNS server and no port DNS to anywhere is sent to that address.",
  mesh: "consul",
  capture: [],
  meshConfig:
    '{"ProxyUserID": "5995", "ProxyInboundPort": 20000, "ProxyOutboundPort": 15001, "ConsulDNSIP": "10.96.0.53"}',
  answer: {
    ...usual,
    "app -> upstream:53/udp": "consul-dns:53 at 10.96.0.53 redirected",
    "app -> 10.96.0.10:53": "consul-dns:53 at 10.96.0.53 redirected",
    "app -> 10.96.0.53:53": "consul-dns:53",
    "app -> upstream:52": "envoy-outbound:15001",
    "app -> upstream:54": "envoy-outbound:15001",
    "app -> upstream:54/udp": "upstream:54",
    "uid=5996 -> 10.96.0.53:1": "envoy-outbound:15001",
  },
});
