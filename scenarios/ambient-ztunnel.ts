import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "ambient-ztunnel",
  claim: "Sockets with ztunnel's mark are left alone, whoever owns them, in its low twelve bits.",
  mesh: "istio-ambient",
  capture: ["--ambient-dns-capture", "--ambient-ipv6"],
  answer: {
    "ztunnel -> upstream:80": "upstream:80",
    "ztunnel -> pod:8080": "app:8080",
    "ztunnel -> upstream6:80": "upstream:80",
    "ztunnel -> upstream:53": "upstream:53",
    "app,mark=0x539 -> upstream:80": "upstream:80",
    "app,mark=0x1539 -> upstream:80": "upstream:80",
    "root -> upstream:80": "envoy-outbound:15001",
    "app,mark=0x538 -> upstream:80": "envoy-outbound:15001",
    "app,mark=0x53a -> upstream:80": "envoy-outbound:15001",
    "app,mark=0x538 -> upstream6:80": "envoy-outbound:15001",
    "app,mark=0x53a -> upstream6:80": "envoy-outbound:15001",
  },
});
