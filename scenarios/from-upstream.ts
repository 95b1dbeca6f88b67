import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "from-upstream",
  claim: "Traffic from any peer is inbound, and traffic to any peer outbound.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  answer: {
    "upstream -> pod:8080": "envoy-inbound:15006",
    "upstream -> pod:22": "app:22",
    "upstream -> pod:15020": "status:15020",
    "app -> client:80": "envoy-outbound:15001",
    "app -> client:15020": "envoy-outbound:15001",
    "envoy -> client:80": "client:80",
    "root -> client:22": "envoy-outbound:15001",
  },
  forward: {
    "upstream -> pod:8080": "app:8080 via envoy-inbound from 127.0.0.6",
    "app -> client:80": "client:80 via envoy-outbound",
  },
});
