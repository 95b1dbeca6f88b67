import { defineScenario } from "../harness/model/scenario.ts";
import { injectedConfig } from "./usual/consul.ts";

export default defineScenario({
  name: "consul-dns",
  claim:
    "DNS to Consul's address goes to its server on 8600, over UDP and TCP, the proxy's and an excluded uid's too; other servers are left alone.",
  mesh: "consul",
  capture: [],
  meshConfig: injectedConfig,
  answer: {
    "app -> localhost:53/udp": "consul-dns:8600",
    "again app -> localhost:53/udp": "consul-dns:8600",
    "app -> localhost:53": "consul-dns:8600",
    "envoy -> localhost:53/udp": "consul-dns:8600",
    "envoy -> localhost:53": "consul-dns:8600",
    "uid=5996 -> localhost:53": "consul-dns:8600",
    "app -> 127.0.0.2:53/udp": "refused",
    "app -> upstream:53/udp": "upstream:53",
    "app -> upstream:53": "envoy-outbound:15001",
    "app -> localhost:52/udp": "refused",
    "app -> localhost:54/udp": "refused",
    "app -> localhost:54": "refused",
    "client -> pod:8600/udp": "refused",
  },
});
