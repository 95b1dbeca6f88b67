import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "outbound-ranges-include",
  claim: "A range in -i captures its first and last address and no address outside it.",
  capture: ["-u", "1337", "-b", "*", "-i", "10.96.0.0/16"],
  answer: {
    "app -> 10.95.255.255:80": "upstream:80",
    "app -> 10.96.0.0:80": "envoy-outbound:15001",
    "app -> 10.96.0.1:443": "envoy-outbound:15001",
    "app -> 10.96.255.255:80": "envoy-outbound:15001",
    "app -> 10.97.0.0:80": "upstream:80",
    "app -> upstream:80": "upstream:80",
    "root -> 10.96.0.1:80": "envoy-outbound:15001",
    "envoy -> 10.96.0.1:80": "upstream:80",
    "uid=1337,gid=1000 -> 10.96.0.1:80": "upstream:80",
    "client -> pod:8080": "envoy-inbound:15006",
    "client -> pod:15020": "envoy-inbound:15006",
    "app -> pod:8080": "envoy-inbound:15006",
    "app -> localhost:8080": "app:8080",
  },
  forward: {
    "app -> 10.96.0.1:443": "upstream:443 via envoy-outbound",
    "app -> 10.97.0.0:80": "upstream:80",
  },
});
