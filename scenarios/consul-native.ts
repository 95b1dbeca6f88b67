import { defineScenario } from "../harness/model/scenario.ts";
import { injectedConfig } from "./usual/consul.ts";

export default defineScenario({
  name: "consul-native",
  claim:
    "Consul's native nftables rules capture IPv4 both ways and what goes to its own name server, and leave IPv6, Envoy and its health port alone.",
  mesh: "consul",
  capture: ["--native-nftables"],
  meshConfig: injectedConfig,
  answer: {
    "client -> pod:8080": "public:20000",
    "client -> pod:21000": "refused",
    "client -> pod:20999": "public:20000",
    "client -> pod:21001": "public:20000",
    "app -> upstream:80": "envoy-outbound:15001",
    "app -> localhost:53": "consul-dns:8600",
    "envoy -> upstream:80": "upstream:80",
    "uid=5996 -> upstream:80": "upstream:80",
    "uid=5994 -> upstream:80": "envoy-outbound:15001",
    "uid=5997 -> upstream:80": "envoy-outbound:15001",
    "gid=5995 -> upstream:80": "envoy-outbound:15001",
    "app -> localhost:8080": "app:8080",
    "app -> 127.0.0.2:8080": "envoy-outbound:15001",
    "app -> pod:8080": "envoy-outbound:15001",
    "client6 -> pod6:8080": "app:8080",
    "app -> upstream6:80": "upstream:80",
    "app -> localhost:53/udp": "consul-dns:8600",
  },
});
