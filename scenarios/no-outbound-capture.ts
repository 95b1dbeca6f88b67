import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "no-outbound-capture",
  claim: "With an empty -i outbound traffic is not captured, except connections to the pod's own address.",
  capture: ["-u", "1337", "-b", "*", "-i", ""],
  answer: {
    "app -> upstream:80": "upstream:80",
    "app -> 10.96.0.1:443": "upstream:443",
    "root -> upstream:80": "upstream:80",
    "envoy -> upstream:80": "upstream:80",
    "client -> pod:8080": "envoy-inbound:15006",
    "app -> pod:8080": "envoy-inbound:15006",
    "envoy -> pod:8080": "envoy-inbound:15006",
    "app -> localhost:8080": "app:8080",
    "app -> 127.0.0.2:8080": "envoy-inbound:15006",
  },
  forward: {
    "app -> pod:8080": "app:8080 via envoy-inbound from 127.0.0.6",
    "app -> upstream:80": "upstream:80",
  },
});
