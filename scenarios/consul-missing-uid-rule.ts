import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/consul.ts";

export default defineScenario({
  name: "consul-missing-uid-rule",
  claim: "Without the rule for the proxy's uid what the proxy sends on comes back to it, inbound traffic too.",
  mesh: "consul",
  capture: [],
  meshConfig: '{"ProxyUserID": "5995", "ProxyInboundPort": 20000, "ProxyOutboundPort": 15001}',
  without: [{ family: 4, table: "nat", rule: "-A CONSUL_PROXY_OUTPUT -m owner --uid-owner 5995 -j RETURN" }],
  answer: {
    ...usual,
    "envoy -> upstream:80": "envoy-outbound:15001",
    "uid=5995 -> upstream:80": "envoy-outbound:15001",
    "envoy -> pod:8080": "envoy-outbound:15001",
    "envoy -> localhost:8080": "app:8080",
  },
  forward: {
    "app -> upstream:80": "loop",
    "client -> pod:8080": "loop",
  },
});
