import { defineScenario } from "../harness/model/scenario.ts";
import { usual, usualDns } from "./usual/ambient.ts";

export default defineScenario({
  name: "ambient-dns",
  claim:
    "What the app asks any server goes to ztunnel's 15053, over UDP and TCP; ztunnel's own questions and servers inside the pod are left alone.",
  mesh: "istio-ambient",
  capture: ["--ambient-dns-capture", "--ambient-ipv6"],
  answer: {
    ...usual,
    ...usualDns,
    "app -> 10.96.0.10:53/udp": "dns:15053",
    "again app -> 10.96.0.10:53/udp": "dns:15053",
    "app -> 10.96.0.10:53": "dns:15053",
    "app -> upstream6:53/udp": "dns:15053",
    "app -> upstream6:53": "dns:15053",
    "ztunnel -> 10.96.0.10:53/udp": "upstream:53",
    "ztunnel -> 10.96.0.10:53": "upstream:53",
    "ztunnel -> upstream6:53/udp": "upstream:53",
    "ztunnel -> upstream6:53": "upstream:53",
    "app -> localhost:53/udp": "refused",
    "app -> 127.0.0.53:53": "dns:15053",
    "app -> 127.0.0.53:53/udp": "refused",
    "app -> localhost6:53": "refused",
    "app -> pod6:53/udp": "refused",
    "app -> upstream6:52": "envoy-outbound:15001",
    "app -> upstream6:54": "envoy-outbound:15001",
    "app@[::1] -> pod6:53": "dns:15053",
    "app -> upstream6:52/udp": "upstream:52",
    "app -> upstream6:54/udp": "upstream:54",
  },
  forward: {
    "app -> 10.96.0.10:53/udp": "upstream:53 via dns",
    "app -> upstream6:53/udp": "upstream:53 via dns",
    "app -> 10.96.0.10:53": "upstream:53 via dns",
  },
});
