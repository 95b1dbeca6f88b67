import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "ipv6-pod-ranges",
  claim:
    "On an IPv6 pod each family takes its own ranges and its own exclusions from the lists; ports, owners and excluded ports count in both.",
  capture: [
    "-u",
    "1337",
    "-g",
    "5",
    "-i",
    "2001:db8::/32,10.96.0.0/16",
    "-x",
    "2001:db8:1::/48,10.96.8.0/24",
    "-o",
    "3306",
    "-b",
    "8080,9000:9001",
  ],
  pod: "ipv6",
  listen: [9001, 9002],
  answer: {
    "app -> [2001:db8::1]:80": "envoy-outbound:15001",
    "app -> [2001:db8:1::1]:80": "upstream:80",
    "app -> [2001:db8:2::1]:80": "envoy-outbound:15001",
    "app -> [2001:db9::1]:80": "upstream:80",
    "app -> [2001:db8::1]:3306": "upstream:3306",
    "app -> 10.96.0.1:80": "envoy-outbound:15001",
    "app -> 10.96.8.1:80": "upstream:80",
    "app -> 10.97.0.1:80": "upstream:80",
    "uid=1000,gid=5 -> [2001:db8::1]:80": "upstream:80",
    "uid=1000,gid=1337 -> [2001:db8::1]:80": "envoy-outbound:15001",
    "client6 -> pod6:8080": "envoy-outbound:15001",
    "client6 -> pod6:9001": "envoy-outbound:15001",
    "client6 -> pod6:9002": "app:9002",
  },
});
