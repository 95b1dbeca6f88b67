import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/kuma.ts";

export default defineScenario({
  name: "kuma-dns-all",
  claim: "With --redirect-all-dns-traffic what the app asks any server over UDP goes to 15053.",
  mesh: "kuma",
  capture: ["--redirect-all-dns-traffic"],
  answer: {
    ...usual,
    "app -> 10.96.0.10:53/udp": "dns:15053",
    "app -> upstream:53/udp": "dns:15053",
    "app -> localhost:53/udp": "dns:15053",
    "envoy -> upstream:53/udp": "upstream:53",
    "gid=5678 -> upstream:53/udp": "dns:15053",
    "uid=5677 -> upstream:53/udp": "dns:15053",
    "uid=5679 -> upstream:53/udp": "dns:15053",
    "app -> upstream:53": "upstream:53",
    "app -> upstream:54/udp": "upstream:54",
    "app -> upstream:52/udp": "upstream:52",
    "uid=5678 -> upstream:53": "upstream:53",
    "uid=5678@127.0.0.7 -> 127.0.0.6:53": "envoy-inbound:15006",
    "root -> upstream:52": "envoy-outbound:15001",
    "root -> upstream:54": "envoy-outbound:15001",
    "gid=5678 -> upstream:53": "upstream:53",
    "uid=5677 -> upstream:53": "upstream:53",
    "uid=5679 -> upstream:53": "upstream:53",
  },
});
