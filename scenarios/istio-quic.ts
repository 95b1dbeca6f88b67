import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "istio-quic",
  claim: "QUIC passes by the proxy: without DNS capture no datagram is redirected, in or out.",
  mesh: "istio",
  capture: [
    ...["-p", "15001", "-z", "15006", "-u", "1337"],
    ...["-m", "REDIRECT", "-i", "*", "-x", ""],
    ...["-b", "*", "-d", "15090,15021,15020"],
  ],
  answer: {
    "app -> upstream:443/udp": "upstream:443",
    "app -> upstream:443": "envoy-outbound:15001",
    "client -> pod:8080/udp": "app:8080",
    "client -> pod:8080": "envoy-inbound:15006",
    "app -> 10.96.0.10:53/udp": "upstream:53",
    "again app -> upstream:443/udp": "upstream:443",
  },
});
