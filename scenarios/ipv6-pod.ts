import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "ipv6-pod",
  claim:
    "An IPv6 pod is captured as an IPv4 pod is, inbound and outbound, and its proxy passes on from ::6; the IPv4 rules are there as well.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  pod: "ipv6",
  answer: {
    "client6 -> pod6:8080": "envoy-inbound:15006",
    "client6 -> pod6:9091": "envoy-inbound:15006",
    "client6 -> pod6:22": "app:22",
    "client6 -> pod6:15020": "status:15020",
    "app -> upstream6:80": "envoy-outbound:15001",
    "root -> [2001:db8::1]:443": "envoy-outbound:15001",
    "envoy -> upstream6:80": "upstream:80",
    "uid=1337,gid=1000 -> upstream6:80": "upstream:80",
    "uid=1000,gid=1337 -> upstream6:80": "upstream:80",
    "app -> localhost6:8080": "app:8080",
    "app -> pod6:8080": "envoy-inbound:15006",
    "envoy -> pod6:8080": "envoy-inbound:15006",
    "envoy@::6 -> pod6:8080": "app:8080",
    "client -> pod:8080": "envoy-inbound:15006",
    "app -> upstream:80": "envoy-outbound:15001",
  },
  forward: {
    "client6 -> pod6:8080": "app:8080 via envoy-inbound from ::6",
    "app -> upstream6:80": "upstream:80 via envoy-outbound",
    "client -> pod:8080": "app:8080 via envoy-inbound from 127.0.0.6",
  },
});
