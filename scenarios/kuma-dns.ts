import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/kuma.ts";

export default defineScenario({
  name: "kuma-dns",
  claim:
    "With --redirect-dns what the app asks the pod's resolver over UDP goes to 15053; over TCP, to other servers, and from the proxy it is left alone.",
  mesh: "kuma",
  capture: ["--redirect-dns"],
  answer: {
    ...usual,
    "app -> 10.96.0.10:53/udp": "dns:15053",
    "again app -> 10.96.0.10:53/udp": "dns:15053",
    "app -> 10.96.0.10:53": "upstream:53",
    "app -> upstream:53": "upstream:53",
    "envoy -> 10.96.0.10:53/udp": "upstream:53",
    "envoy -> 10.96.0.11:53/udp": "upstream:53",
    "gid=5678 -> 10.96.0.10:53/udp": "dns:15053",
    "uid=5677 -> 10.96.0.10:53/udp": "dns:15053",
    "uid=5679 -> 10.96.0.10:53/udp": "dns:15053",
    "envoy -> 10.96.0.10:53": "upstream:53",
    "app -> 10.96.0.9:53/udp": "upstream:53",
    "app -> 10.96.0.11:53/udp": "upstream:53",
    "app -> 10.96.0.10:52/udp": "upstream:52",
    "app -> 10.96.0.10:54/udp": "upstream:54",
    "app -> upstream:54": "envoy-outbound:15001",
    "app -> upstream:52": "envoy-outbound:15001",
    "uid=5678@127.0.0.7 -> 127.0.0.6:53": "envoy-inbound:15006",
    "gid=5678 -> 10.96.0.10:53": "upstream:53",
    "uid=5677 -> 10.96.0.10:53": "upstream:53",
    "uid=5679 -> 10.96.0.10:53": "upstream:53",
  },
  forward: { "app -> 10.96.0.10:53/udp": "upstream:53 via dns" },
});
