import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "exclusion-inside-inclusion",
  claim: "An excluded range inside an included one is not captured.",
  capture: ["-u", "1337", "-i", "172.16.0.0/12", "-x", "172.20.0.0/16"],
  answer: {
    "app -> 172.15.255.255:80": "upstream:80",
    "app -> 172.16.0.0:80": "envoy-outbound:15001",
    "app -> 172.19.255.255:80": "envoy-outbound:15001",
    "app -> 172.20.0.0:80": "upstream:80",
    "app -> 172.20.255.255:80": "upstream:80",
    "app -> 172.21.0.0:80": "envoy-outbound:15001",
    "app -> 172.31.255.255:80": "envoy-outbound:15001",
    "app -> 172.32.0.0:80": "upstream:80",
  },
});
