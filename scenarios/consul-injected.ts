import { defineScenario } from "../harness/model/scenario.ts";
import { injectedConfig, usual } from "./usual/consul.ts";

export default defineScenario({
  name: "consul-injected",
  claim:
    "Consul's injector captures IPv4 both ways and what goes to its own name server over TCP, but not Envoy's traffic or its health port.",
  mesh: "consul",
  capture: [],
  meshConfig: injectedConfig,
  answer: {
    ...usual,
    "client -> pod:21000": "refused",
    "app -> localhost:53": "consul-dns:8600",
    "uid=5996 -> upstream:80": "upstream:80",
    "client -> pod:20999": "public:20000",
    "client -> pod:21001": "public:20000",
  },
});
