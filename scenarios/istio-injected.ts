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
    "client6 -> pod6:8080": "app:8080",
    "app -> upstream6:80": "upstream:80",
    "uid=1000,gid=1337 -> upstream:80": "upstream:80",
    "envoy@127.0.0.6 -> pod:8080": "app:8080",
  },
});
