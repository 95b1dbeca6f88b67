import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "ambient-inbound",
  claim: "TCP from peers goes to ztunnel's 15006, but for the tunnel's port 15008, in both families.",
  mesh: "istio-ambient",
  capture: ["--ambient-dns-capture", "--ambient-ipv6"],
  answer: {
    "client -> pod:8080": "envoy-inbound:15006",
    "client -> pod:22": "envoy-inbound:15006",
    "client -> pod:15008": "tunnel:15008",
    "client -> pod:15007": "envoy-inbound:15006",
    "client -> pod:15009": "envoy-inbound:15006",
    "client -> pod:15001": "envoy-inbound:15006",
    "client6 -> pod6:8080": "envoy-inbound:15006",
    "client6 -> pod6:15008": "tunnel:15008",
    "client6 -> pod6:15007": "envoy-inbound:15006",
    "client6 -> pod6:15009": "envoy-inbound:15006",
    "client -> pod:8080/udp": "app:8080",
  },
  forward: {
    "client -> pod:8080": "app:8080 via envoy-inbound",
    "client6 -> pod6:8080": "app:8080 via envoy-inbound",
  },
});
