import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "ambient-injected",
  claim: "In ambient mode ztunnel takes both families, its own marked traffic passes, and so do calls inside the pod.",
  mesh: "istio-ambient",
  capture: ["--ambient-dns-capture", "--ambient-ipv6"],
  answer: {
    "client -> pod:8080": "envoy-inbound:15006",
    "client6 -> pod6:8080": "envoy-inbound:15006",
    "client -> pod:15008": "tunnel:15008",
    "app -> upstream:80": "envoy-outbound:15001",
    "app -> upstream6:80": "envoy-outbound:15001",
    "ztunnel -> upstream:80": "upstream:80",
    "app -> pod:8080": "app:8080",
    "app -> localhost:8080": "app:8080",
  },
});
