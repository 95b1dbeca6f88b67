import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "dual-stack-pod",
  claim: "A pod with an address of each family gets the rules of an IPv4 pod: IPv4 is captured, IPv6 guarded.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  pod: "dual",
  answer: {
    "client -> pod:8080": "envoy-inbound:15006",
    "app -> upstream:80": "envoy-outbound:15001",
    "client6 -> pod6:8080": "refused",
    "app -> upstream6:80": "upstream:80",
    "app -> localhost6:8080": "app:8080",
  },
});
