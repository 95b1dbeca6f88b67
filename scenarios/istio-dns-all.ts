import { defineScenario } from "../harness/model/scenario.ts";
import { statusPorts, usualWithDns } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-dns-all",
  claim: "With --capture-all-dns istio-agent answers what the app asks any server, but not what the proxy asks.",
  mesh: "istio",
  capture: [
    ...["-p", "15001", "-z", "15006", "-u", "1337"],
    ...["-m", "REDIRECT", "-i", "*", "-x", ""],
    ...["-b", "*", "-d", "15090,15021,15020", "--redirect-dns", "--capture-all-dns"],
  ],
  answer: {
    "envoy -> client:53": "client:53",
    ...statusPorts,
    ...usualWithDns,
    "app -> 10.96.0.10:53/udp": "dns:15053",
    "app -> upstream:53/udp": "dns:15053",
    "app -> upstream:53": "dns:15053",
    "app -> 127.0.0.53:53/udp": "dns:15053",
    "app -> localhost:53/udp": "dns:15053",
    "envoy -> upstream:53/udp": "upstream:53",
    "envoy -> upstream:53": "upstream:53",
    "uid=1000,gid=1337 -> upstream:53/udp": "upstream:53",
    "app -> upstream:54/udp": "upstream:54",
    "app -> upstream:52/udp": "upstream:52",
    "root@127.0.0.7 -> 127.0.0.6:53": "dns:15053",
    "gid=1337@127.0.0.7 -> 127.0.0.6:53": "envoy-inbound:15006",
    "gid=1336@127.0.0.7 -> 127.0.0.6:53": "dns:15053",
    "gid=1338@127.0.0.7 -> 127.0.0.6:53": "dns:15053",
    "uid=1336,gid=1338 -> 10.245.0.2:53/udp": "dns:15053",
    "uid=1338,gid=1336 -> 10.245.0.2:53/udp": "dns:15053",
  },
});
