import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/consul.ts";

export default defineScenario({
  name: "consul-without-dns",
  claim:
    "Without a DNS server no DNS is redirected: over UDP it passes, over TCP it goes to the proxy as all TCP does.",
  mesh: "consul",
  capture: [],
  meshConfig: '{"ProxyUserID": "5995", "ProxyInboundPort": 20000, "ProxyOutboundPort": 15001}',
  answer: {
    ...usual,
    "app -> 10.96.0.10:53/udp": "upstream:53",
    "app -> 10.96.0.10:53": "envoy-outbound:15001",
    "app -> localhost:53": "refused",
    "app -> upstream:443/udp": "upstream:443",
  },
});
