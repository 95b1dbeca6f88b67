import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/ambient.ts";

export default defineScenario({
  name: "ambient-without-dns",
  claim: "Without DNS capture questions over UDP pass, and those over TCP go to 15001 as all TCP does.",
  mesh: "istio-ambient",
  capture: [],
  answer: {
    ...usual,
    "app -> 10.96.0.10:53/udp": "upstream:53",
    "app -> 10.96.0.10:53": "envoy-outbound:15001",
    "ztunnel -> 10.96.0.10:53/udp": "upstream:53",
  },
});
