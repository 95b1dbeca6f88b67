import { defineScenario } from "../harness/model/scenario.ts";

// The proxy port it is, not the inbound capture port: so the original has it.
export default defineScenario({
  name: "tproxy-inbound",
  claim:
    "With TPROXY every inbound port but 22 and the excluded ones goes to the proxy port as it was dialled; outbound and the pod's own address are redirected as ever.",
  capture: ["-u", "1337", "-m", "TPROXY", "-b", "*", "-d", "15020", "-i", "*"],
  listen: [9090],
  answer: {
    "client -> pod:8080": "envoy-outbound:15001",
    "client -> pod:9090": "envoy-outbound:15001",
    "client -> pod:9091": "envoy-outbound:15001",
    "client -> pod:15006": "envoy-outbound:15001",
    "client -> pod:22": "app:22",
    "client -> pod:15020": "status:15020",
    "upstream -> pod:8080": "envoy-outbound:15001",
    "app -> upstream:80": "envoy-outbound:15001",
    "envoy -> upstream:80": "upstream:80",
    "app -> pod:8080": "envoy-inbound:15006",
    "app -> localhost:8080": "app:8080",
    "client6 -> pod6:8080": "refused",
  },
  forward: {
    "client -> pod:8080": "app:8080 via envoy-outbound from 127.0.0.1",
    "app -> upstream:80": "upstream:80 via envoy-outbound",
  },
});
