import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "ambient-probes",
  claim: "Kubelet's probes reach the app, and what the pod sends to kubelet's address is left alone.",
  mesh: "istio-ambient",
  capture: ["--ambient-dns-capture", "--ambient-ipv6"],
  answer: {
    "kubelet -> pod:8080": "app:8080",
    "app -> 169.254.7.127:80": "kubelet:80",
    "upstream@169.254.7.126 -> pod:8080": "envoy-inbound:15006",
    "upstream@169.254.7.128 -> pod:8080": "envoy-inbound:15006",
    "app -> 169.254.7.126:80": "envoy-outbound:15001",
    "app -> 169.254.7.128:80": "envoy-outbound:15001",
    "kubelet -> pod6:8080": "app:8080",
    "app -> [fd16:9254:7127:1337:ffff:ffff:ffff:ffff]:53": "kubelet:53",
    "app -> [fd16:9254:7127:1337:ffff:ffff:ffff:ffff]:80": "kubelet:80",
    "app -> [fd16:9254:7127:1337:ffff:ffff:ffff:ffff]:32768": "kubelet:32768",
    "app -> [fd16:9254:7127:1337:ffff:ffff:ffff:ffff]:65535": "kubelet:65535",
    "app -> [fd16:9254:7127:1337:ffff:ffff:ffff:fffe]:80": "envoy-outbound:15001",
  },
});
