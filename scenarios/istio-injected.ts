import { defineScenario } from "../harness/model/scenario.ts";
import { injected, statusPorts, usual } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-injected",
  claim:
    "Current Istio's injector captures IPv4 both ways, but not its own ports, Envoy's traffic, or connections inside the pod.",
  mesh: "istio",
  capture: injected,
  answer: {
    ...statusPorts,
    ...usual,
    "client -> pod:8080": "envoy-inbound:15006",
    "client -> pod:15021": "probe:15021",
    "client -> pod:15008": "tunnel:15008",
    "app -> upstream:80": "envoy-outbound:15001",
    "envoy -> upstream:80": "upstream:80",
    "app -> pod:8080": "app:8080",
    "app -> localhost:8080": "app:8080",
    "envoy -> pod:8080": "envoy-inbound:15006",
    "client6 -> pod6:8080": "app:8080",
    "app -> upstream6:80": "upstream:80",
    "client -> pod:15090": "stats:15090",
    "client -> pod:15020": "status:15020",
    "uid=1000,gid=1337 -> upstream:80": "upstream:80",
    "envoy@127.0.0.6 -> pod:8080": "app:8080",
  },
});
