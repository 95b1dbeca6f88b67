import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "outbound-two-ranges",
  claim: "Every range in -i is captured; an address without a length means only that address.",
  capture: ["-u", "1337", "-i", "172.20.0.0/14,192.168.7.9"],
  answer: {
    "app -> 172.19.255.255:80": "upstream:80",
    "app -> 172.20.0.0:80": "envoy-outbound:15001",
    "app -> 172.23.255.255:80": "envoy-outbound:15001",
    "app -> 172.24.0.0:80": "upstream:80",
    "app -> 192.168.7.8:80": "upstream:80",
    "app -> 192.168.7.9:80": "envoy-outbound:15001",
    "app -> 192.168.7.10:80": "upstream:80",
    "envoy -> 192.168.7.9:80": "upstream:80",
    "client -> pod:8080": "app:8080",
  },
});
