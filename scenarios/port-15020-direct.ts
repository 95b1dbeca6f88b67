import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "port-15020-direct",
  claim: "Connections from outside reach the status port directly; from inside it is a port like any other.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  answer: {
    "client -> pod:15019": "envoy-inbound:15006",
    "client -> pod:15020": "status:15020",
    "client -> pod:15021": "envoy-inbound:15006",
    "upstream -> pod:15020": "status:15020",
    "app -> pod:15020": "envoy-inbound:15006",
    "app -> localhost:15020": "status:15020",
    "app -> upstream:15020": "envoy-outbound:15001",
    "envoy -> pod:15020": "envoy-inbound:15006",
    "status -> localhost:15020": "status:15020",
  },
  forward: {
    "client -> pod:15020": "status:15020",
    "app -> pod:15020": "status:15020 via envoy-inbound from 127.0.0.6",
  },
});
