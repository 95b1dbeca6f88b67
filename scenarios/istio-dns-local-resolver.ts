import { defineScenario } from "../harness/model/scenario.ts";
import { usualWithDns } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-dns-local-resolver",
  claim: "A resolver on a loopback address is captured as one elsewhere is, over UDP and TCP.",
  mesh: "istio",
  capture: ["-u", "1337", "-b", "*", "-i", "*", "--redirect-dns"],
  resolvers: ["127.0.0.53"],
  answer: {
    ...usualWithDns,
    "app -> 127.0.0.53:53/udp": "dns:15053",
    "app -> 127.0.0.53:53": "dns:15053",
    "envoy -> 127.0.0.53:53/udp": "refused",
    "app -> localhost:53/udp": "refused",
    "app -> 10.96.0.10:53/udp": "upstream:53",
    "app -> 10.96.0.10:53": "envoy-outbound:15001",
    "app -> 127.0.0.52:53/udp": "refused",
    "app -> 127.0.0.54:53/udp": "refused",
    "uid=1337 -> upstream:53": "upstream:53",
    "gid=1337@127.0.0.53 -> 127.0.0.53:53": "envoy-inbound:15006",
    "gid=1336@127.0.0.53 -> 127.0.0.53:53": "dns:15053",
    "gid=1338@127.0.0.53 -> 127.0.0.53:53": "dns:15053",
    "root@127.0.0.53 -> localhost:53": "refused",
    "root@127.0.0.53 -> 127.0.0.54:53": "envoy-outbound:15001",
    "root@127.0.0.53 -> 127.0.0.52:53": "envoy-outbound:15001",
  },
});
