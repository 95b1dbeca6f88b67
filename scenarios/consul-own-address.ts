import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/consul.ts";

export default defineScenario({
  name: "consul-own-address",
  claim: "Calls to the pod's own address go to the proxy, and only the loopback address itself is left alone.",
  mesh: "consul",
  capture: [],
  meshConfig: '{"ProxyUserID": "5995", "ProxyInboundPort": 20000, "ProxyOutboundPort": 15001}',
  answer: {
    ...usual,
    "envoy -> pod:8080": "app:8080",
    "envoy -> 127.0.0.2:8080": "app:8080",
    "uid=5996 -> upstream:81": "envoy-outbound:15001",
  },
  forward: {
    "client -> pod:8080": "app:8080 via public",
    "app -> upstream:80": "upstream:80 via envoy-outbound",
    "app -> pod:8080": "app:8080 via envoy-outbound",
  },
});
