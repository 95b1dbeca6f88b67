import { defineScenario } from "../harness/model/scenario.ts";
import { usualWithDns } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-dns-missing-zone-rules",
  claim:
    "Without the rules that put istio-agent's answers into the zone of the app's questions, nobody takes an answer over UDP; DNS over TCP has no zones.",
  mesh: "istio",
  capture: ["-u", "1337", "-b", "*", "-i", "*", "--redirect-dns"],
  without: [
    {
      family: 4,
      table: "raw",
      rule: "-A ISTIO_OUTPUT_DNS -p udp -m udp --sport 15053 -m owner --uid-owner 1337 -j CT --zone 2",
    },
    {
      family: 4,
      table: "raw",
      rule: "-A ISTIO_OUTPUT_DNS -p udp -m udp --sport 15053 -m owner --gid-owner 1337 -j CT --zone 2",
    },
  ],
  answer: {
    ...usualWithDns,
    "app -> 10.96.0.10:53/udp": "unanswered",
    "again app -> 10.96.0.10:53/udp": "unanswered",
    "app -> 10.96.0.10:53": "dns:15053",
    "envoy -> 10.96.0.10:53/udp": "upstream:53",
    "uid=1337 -> 10.96.0.10:53": "upstream:53",
    "uid=1337,gid=1000 -> 10.96.0.10:53/udp": "upstream:53",
    "uid=1000,gid=1337 -> 10.96.0.10:53/udp": "upstream:53",
    "app -> 10.96.0.11:53/udp": "upstream:53",
    "root -> 10.96.0.10:52/udp": "upstream:52",
    "root -> 10.96.0.10:54/udp": "upstream:54",
    "root -> 10.96.0.11:53": "envoy-outbound:15001",
    "root -> 10.96.0.10:52": "envoy-outbound:15001",
    "root -> 10.96.0.10:54": "envoy-outbound:15001",
    "root -> localhost:53": "refused",
    "envoy -> 10.96.0.10:53": "upstream:53",
    "gid=1338 -> 127.0.0.2:53": "envoy-outbound:15001",
    "gid=1336@127.0.0.7 -> pod:53": "envoy-outbound:15001",
    "gid=1337@127.0.0.7 -> 127.0.0.6:53": "envoy-inbound:15006",
    "envoy -> client:53/udp": "client:53",
    "uid=0,gid=1337 -> client:53/udp": "client:53",
  },
  forward: { "app -> 10.96.0.10:53/udp": "unanswered" },
});
