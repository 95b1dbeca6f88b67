import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "istio-defaults",
  claim: "Without flags only connections to the pod's own address are captured; they go to the proxy port.",
  capture: [],
  answer: {
    "client -> pod:8080": "app:8080",
    "client -> pod:9090": "refused",
    "app -> upstream:80": "upstream:80",
    "root -> upstream:80": "upstream:80",
    "app -> pod:8080": "envoy-outbound:15001",
    "envoy -> pod:8080": "envoy-outbound:15001",
    "app -> localhost:8080": "app:8080",
    "envoy@127.0.0.6 -> pod:8080": "app:8080",
  },
  forward: {
    "app -> pod:8080": "app:8080 via envoy-outbound from 127.0.0.1",
  },
});
