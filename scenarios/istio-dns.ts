import { defineScenario } from "../harness/model/scenario.ts";
import { statusPorts, usualWithDns } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-dns",
  claim:
    "With --redirect-dns istio-agent answers what the app asks the pod's resolver over UDP and TCP, and asks that resolver in its turn; the proxy's own questions and other servers are left alone.",
  mesh: "istio",
  capture: [
    ...["-p", "15001", "-z", "15006", "-u", "1337"],
    ...["-m", "REDIRECT", "-i", "*", "-x", ""],
    ...["-b", "*", "-d", "15090,15021,15020", "--redirect-dns"],
  ],
  answer: {
    ...statusPorts,
    ...usualWithDns,
    "app -> 10.96.0.10:53/udp": "dns:15053",
    "again app -> 10.96.0.10:53/udp": "dns:15053",
    "app -> 10.96.0.10:53": "dns:15053",
    "root -> 10.96.0.10:53/udp": "dns:15053",
    "envoy -> 10.96.0.10:53/udp": "upstream:53",
    "envoy -> 10.96.0.11:53/udp": "upstream:53",
    "uid=1000,gid=1337 -> 10.96.0.11:53/udp": "upstream:53",
    "uid=1336 -> 10.96.0.10:53/udp": "dns:15053",
    "uid=1338 -> 10.96.0.10:53/udp": "dns:15053",
    "gid=1336 -> 10.96.0.10:53/udp": "dns:15053",
    "gid=1338 -> 10.96.0.10:53/udp": "dns:15053",
    "envoy -> 10.96.0.10:53": "upstream:53",
    "uid=1000,gid=1337 -> 10.96.0.10:53/udp": "upstream:53",
    "uid=1337,gid=1000 -> 10.96.0.10:53/udp": "upstream:53",
    "app -> 10.96.0.11:53/udp": "upstream:53",
    "app -> 10.96.0.9:53/udp": "upstream:53",
    "app -> 10.96.0.11:53": "envoy-outbound:15001",
    "app -> 10.96.0.10:54/udp": "upstream:54",
    "app -> 10.96.0.10:52/udp": "upstream:52",
    "root@127.0.0.7 -> 127.0.0.6:53": "envoy-outbound:15001",
    "gid=1337@127.0.0.7 -> 127.0.0.6:53": "envoy-inbound:15006",
    "gid=1336@127.0.0.7 -> 127.0.0.6:53": "envoy-outbound:15001",
    "gid=1338@127.0.0.7 -> 127.0.0.6:53": "envoy-outbound:15001",
    "root@127.0.0.7 -> localhost:53": "refused",
    "root -> 10.96.0.10:1": "envoy-outbound:15001",
    "root -> 10.96.0.10:52": "envoy-outbound:15001",
    "root -> 10.96.0.10:54": "envoy-outbound:15001",
  },
  forward: {
    "app -> 10.96.0.10:53/udp": "upstream:53 via dns",
    "app -> 10.96.0.10:53": "upstream:53 via dns",
  },
});
