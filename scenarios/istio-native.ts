import { defineScenario } from "../harness/model/scenario.ts";
import { injected, statusPorts, usual } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-native",
  claim:
    "Current Istio's native nftables rules capture IPv4 as its iptables rules do, and IPv6 in a pod without IPv6 rules as well.",
  mesh: "istio",
  capture: [...injected, "--native-nftables"],
  answer: {
    ...statusPorts,
    ...usual,
    "uid=1000,gid=1337 -> upstream:80": "upstream:80",
    "envoy@127.0.0.6 -> pod:8080": "app:8080",
    "client6 -> pod6:8080": "envoy-inbound:15006",
    "client6 -> pod6:15007": "envoy-inbound:15006",
    "client6 -> pod6:15008": "tunnel:15008",
    "client6 -> pod6:15009": "envoy-inbound:15006",
    "client6 -> pod6:15019": "envoy-inbound:15006",
    "client6 -> pod6:15020": "status:15020",
    "client6 -> pod6:15021": "probe:15021",
    "client6 -> pod6:15022": "envoy-inbound:15006",
    "client6 -> pod6:15089": "envoy-inbound:15006",
    "client6 -> pod6:15090": "stats:15090",
    "client6 -> pod6:15091": "envoy-inbound:15006",
    "app -> upstream6:80": "envoy-outbound:15001",
    "envoy -> upstream6:80": "upstream:80",
    "uid=1337 -> upstream6:80": "upstream:80",
    "uid=1336 -> upstream6:80": "envoy-outbound:15001",
    "uid=1338 -> upstream6:80": "envoy-outbound:15001",
    "gid=1336 -> upstream6:80": "envoy-outbound:15001",
    "gid=1338 -> upstream6:80": "envoy-outbound:15001",
    "uid=1000,gid=1337 -> upstream6:80": "upstream:80",
    "root -> localhost6:8080": "app:8080",
    "envoy -> pod6:8081": "refused",
  },
});
