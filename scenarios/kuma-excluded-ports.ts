import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/kuma.ts";

export default defineScenario({
  name: "kuma-excluded-ports",
  claim: "Excluded ports are left alone in their direction, and the ports beside them are captured.",
  mesh: "kuma",
  capture: ["--exclude-inbound-ports", "22,9000", "--exclude-outbound-ports", "443"],
  listen: [9000],
  answer: {
    ...usual,
    "client -> pod:22": "app:22",
    "client -> pod:9000": "app:9000",
    "client -> pod:21": "envoy-inbound:15006",
    "client -> pod:23": "envoy-inbound:15006",
    "client -> pod:8999": "envoy-inbound:15006",
    "client -> pod:9001": "envoy-inbound:15006",
    "app -> upstream:443": "upstream:443",
    "app -> upstream:442": "envoy-outbound:15001",
    "app -> upstream:444": "envoy-outbound:15001",
    "app -> upstream:22": "envoy-outbound:15001",
    "client -> pod:443": "envoy-inbound:15006",
    "uid=5678@127.0.0.7 -> 127.0.0.6:22": "envoy-inbound:15006",
  },
});
