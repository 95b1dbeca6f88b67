import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "inbound-every-port",
  claim: "With -b '*' every port from 1 to 65535 is captured except 22, whether or not anything listens on it.",
  capture: ["-u", "1337", "-i", "*", "-b", "*"],
  answer: {
    "client -> pod:1": "envoy-inbound:15006",
    "client -> pod:21": "envoy-inbound:15006",
    "client -> pod:22": "app:22",
    "client -> pod:23": "envoy-inbound:15006",
    "client -> pod:8080": "envoy-inbound:15006",
    "client -> pod:15001": "envoy-inbound:15006",
    "client -> pod:15006": "envoy-inbound:15006",
    "client -> pod:15020": "envoy-inbound:15006",
    "client -> pod:65535": "envoy-inbound:15006",
    "upstream -> pod:8080": "envoy-inbound:15006",
  },
  forward: {
    "client -> pod:1": "refused via envoy-inbound",
    "client -> pod:15020": "status:15020 via envoy-inbound from 127.0.0.6",
  },
});
