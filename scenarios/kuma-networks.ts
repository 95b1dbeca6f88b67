import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/kuma.ts";

export default defineScenario({
  name: "kuma-networks",
  claim: "Excluded networks are left alone: as sources of inbound traffic, and as destinations of outbound traffic.",
  mesh: "kuma",
  capture: ["--exclude-outbound-ips", "10.96.8.0/24", "--exclude-inbound-ips", "192.0.2.1"],
  answer: {
    ...usual,
    "app -> 10.96.8.0:80": "upstream:80",
    "app -> 10.96.8.255:80": "upstream:80",
    "app -> 10.96.7.255:80": "envoy-outbound:15001",
    "app -> 10.96.9.0:80": "envoy-outbound:15001",
    "upstream@192.0.2.1 -> pod:8080": "app:8080",
    "upstream@192.0.2.0 -> pod:8080": "envoy-inbound:15006",
    "upstream@192.0.2.2 -> pod:8080": "envoy-inbound:15006",
    "app -> 192.0.2.1:80": "envoy-outbound:15001",
    "upstream@10.96.8.1 -> pod:8080": "envoy-inbound:15006",
  },
});
