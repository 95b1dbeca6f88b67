import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "inbound-port-range",
  claim: "A range in -b captures its first and last port and no port outside it.",
  capture: ["-u", "1337", "-i", "*", "-b", "8000:8100"],
  listen: [7999, 8000, 8101],
  answer: {
    "client -> pod:7999": "app:7999",
    "client -> pod:8000": "envoy-outbound:15001",
    "client -> pod:8050": "envoy-outbound:15001",
    "client -> pod:8100": "envoy-outbound:15001",
    "client -> pod:8101": "app:8101",
    "client -> pod:22": "app:22",
    "client -> pod:8079": "envoy-outbound:15001",
  },
  forward: {
    "client -> pod:8000": "app:8000 via envoy-outbound from 127.0.0.1",
    "client -> pod:8080": "app:8080 via envoy-outbound from 127.0.0.1",
    "client -> pod:7999": "app:7999",
  },
});
