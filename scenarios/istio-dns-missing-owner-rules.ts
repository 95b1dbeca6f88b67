import { defineScenario } from "../harness/model/scenario.ts";
import { usualWithDns } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-dns-missing-owner-rules",
  claim:
    "Without the owner rules what istio-agent asks the pod's resolver comes back to istio-agent, whose answer nobody takes: question and answer are in different zones.",
  mesh: "istio",
  capture: ["-u", "1337", "-b", "*", "-i", "*", "--redirect-dns"],
  without: [
    { family: 4, table: "nat", rule: "-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN" },
    { family: 4, table: "nat", rule: "-A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN" },
  ],
  answer: {
    ...usualWithDns,
    "envoy -> 10.96.0.10:53/udp": "unanswered",
    "envoy -> 10.96.0.10:53": "dns:15053",
    "app -> 10.96.0.10:53/udp": "dns:15053",
    "envoy -> 10.96.0.11:53/udp": "upstream:53",
    "envoy -> upstream:80": "envoy-outbound:15001",
    "uid=1337 -> upstream:80": "envoy-outbound:15001",
    "gid=1337 -> upstream:80": "envoy-outbound:15001",
    "uid=1337 -> pod:53": "envoy-outbound:15001",
    "envoy -> pod:53": "envoy-inbound:15006",
    "envoy@127.0.0.7 -> 127.0.0.6:15008": "envoy-outbound:15001",
    "gid=1337@127.0.0.7 -> 127.0.0.6:53": "envoy-inbound:15006",
    "gid=1336@127.0.0.7 -> 127.0.0.6:53": "envoy-outbound:15001",
    "gid=1338@127.0.0.7 -> 127.0.0.6:53": "envoy-outbound:15001",
    "uid=1337,gid=1336@127.0.0.7 -> 127.0.0.6:15008": "tunnel:15008",
    "uid=1337,gid=1338@127.0.0.7 -> 127.0.0.6:15008": "tunnel:15008",
    "root@127.0.0.7 -> 127.0.0.6:53": "envoy-outbound:15001",
    "root -> 10.96.0.10:1": "envoy-outbound:15001",
    "root -> 10.96.0.11:53": "envoy-outbound:15001",
    "root -> 10.96.0.10:52": "envoy-outbound:15001",
    "root -> 10.96.0.10:54": "envoy-outbound:15001",
  },
  forward: {
    "envoy -> upstream:80": "loop",
    "app -> upstream:80": "loop",
    "app -> 10.96.0.10:53/udp": "loop",
    "app -> 10.96.0.10:53": "loop",
  },
});
