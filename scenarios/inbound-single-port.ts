import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "inbound-single-port",
  claim: "One port in -b captures only that port.",
  capture: ["-u", "1337", "-i", "*", "-b", "65535"],
  listen: [65535],
  answer: {
    "client -> pod:65534": "refused",
    "client -> pod:65535": "envoy-outbound:15001",
    "client -> pod:1": "refused",
    "client -> pod:8080": "app:8080",
    "app -> upstream:65535": "envoy-outbound:15001",
  },
  forward: {
    "client -> pod:65535": "app:65535 via envoy-outbound from 127.0.0.1",
  },
});
