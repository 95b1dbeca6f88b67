import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "istio-injected",
  claim:
    "Current Istio's injector captures IPv4 both ways, and leaves its own ports, Envoy and calls inside the pod alone.",
  mesh: "istio",
  capture: [
    "-p",
    "15001",
    "-z",
    "15006",
    "-u",
    "1337",
    "-m",
    "REDIRECT",
    "-i",
    "*",
    "-x",
    "",
    "-b",
    "*",
    "-d",
    "15090,15021,15020",
  ],
  answer: {
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
  },
});
