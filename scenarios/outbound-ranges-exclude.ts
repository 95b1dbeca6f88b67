import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "outbound-ranges-exclude",
  claim:
    "Ranges in -x are not captured, including both ends and whatever the owner, and the addresses next to them are.",
  capture: ["-u", "1337", "-b", "*", "-i", "*", "-x", "10.96.0.0/16,172.20.0.1/32"],
  answer: {
    "app -> 10.95.255.255:80": "envoy-outbound:15001",
    "app -> 10.96.0.0:80": "upstream:80",
    "app -> 10.96.128.1:443": "upstream:443",
    "app -> 10.96.255.255:80": "upstream:80",
    "app -> 10.97.0.0:80": "envoy-outbound:15001",
    "app -> 172.20.0.0:80": "envoy-outbound:15001",
    "app -> 172.20.0.1:80": "upstream:80",
    "app -> 172.20.0.2:80": "envoy-outbound:15001",
    "root -> 10.96.0.1:80": "upstream:80",
    "envoy -> 10.96.0.1:80": "upstream:80",
    "app -> upstream:80": "envoy-outbound:15001",
  },
});
