import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "everything-at-once",
  claim:
    "All settings together keep their order: excluded ports before the pod's own address, then owners, then exclusions before inclusions.",
  capture: [
    ...["-p", "16001", "-z", "16006", "-u", "1337,2000-2001", "-g", "1337", "-b", "*", "-d", "15020,7000:7001"],
    ...["-i", "10.0.0.0/8,192.0.2.0/24", "-x", "10.99.0.0/16", "-o", "3306,9000:9001", "-k", "net1"],
  ],
  listen: [3306, 7000, 7002, 9001],
  answer: {
    "client -> pod:8080": "envoy-inbound:16006",
    "client -> pod:7000": "app:7000",
    "client -> pod:7002": "envoy-inbound:16006",
    "client -> pod:3306": "envoy-inbound:16006",
    "app -> pod:3306": "app:3306",
    "app -> pod:9001": "app:9001",
    "envoy -> pod:8080": "envoy-inbound:16006",
    "app -> 10.99.0.1:80": "upstream:80",
    "app -> 10.100.0.1:80": "envoy-outbound:16001",
    "app -> 10.100.0.1:9001": "upstream:9001",
    "app -> 192.0.2.255:443": "envoy-outbound:16001",
    "app -> 198.51.100.1:443": "upstream:443",
    "uid=2001,gid=1 -> 10.100.0.1:80": "upstream:80",
    "uid=2002,gid=1 -> 10.100.0.1:80": "envoy-outbound:16001",
    "vm -> 10.99.0.1:80": "envoy-outbound:16001",
    "vm -> 192.0.2.255:443": "envoy-outbound:16001",
    "vm -> 198.51.100.1:443": "upstream:443",
  },
});
