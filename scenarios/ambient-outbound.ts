import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "ambient-outbound",
  claim: "TCP to elsewhere goes to ztunnel's 15001, and what stays inside the pod is left alone.",
  mesh: "istio-ambient",
  capture: ["--ambient-dns-capture", "--ambient-ipv6"],
  answer: {
    "app -> upstream:80": "envoy-outbound:15001",
    "root -> upstream:80": "envoy-outbound:15001",
    "app -> upstream6:80": "envoy-outbound:15001",
    "app -> upstream:15008": "envoy-outbound:15001",
    "app -> pod:8080": "app:8080",
    "app -> localhost:8080": "app:8080",
    "app -> 127.0.0.2:8080": "app:8080",
    "app -> pod6:8080": "app:8080",
    "app -> localhost6:8080": "app:8080",
    "app -> upstream:443/udp": "upstream:443",
  },
  forward: {
    "app -> upstream:80": "upstream:80 via envoy-outbound",
    "app -> upstream6:80": "upstream:80 via envoy-outbound",
  },
});
