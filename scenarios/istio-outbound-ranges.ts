import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "istio-outbound-ranges",
  claim: "With -i current Istio captures what goes to these networks, and nothing else that leaves.",
  mesh: "istio",
  capture: [
    "-p",
    "15001",
    "-z",
    "15006",
    "-u",
    "1337",
    "-m",
    "REDIRECT",
    "-i",
    "10.96.0.0/12",
    "-b",
    "*",
    "-d",
    "15090,15021,15020",
  ],
  answer: {
    "app -> 10.96.0.1:80": "envoy-outbound:15001",
    "app -> 10.111.255.255:443": "envoy-outbound:15001",
    "app -> 10.112.0.0:80": "upstream:80",
    "app -> upstream:80": "upstream:80",
    "envoy -> 10.96.0.1:80": "upstream:80",
    "client -> pod:8080": "envoy-inbound:15006",
  },
});
