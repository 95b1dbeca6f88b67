import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "inbound-exclusions",
  claim: "Ports and ranges in -d are not captured, including both ends, and the ports next to them are.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "80,8000:8100,15020"],
  listen: [80, 81, 8000, 8100],
  answer: {
    "client -> pod:79": "envoy-inbound:15006",
    "client -> pod:80": "app:80",
    "client -> pod:81": "envoy-inbound:15006",
    "client -> pod:7999": "envoy-inbound:15006",
    "client -> pod:8000": "app:8000",
    "client -> pod:8050": "refused",
    "client -> pod:8100": "app:8100",
    "client -> pod:8101": "envoy-inbound:15006",
    "client -> pod:15019": "envoy-inbound:15006",
    "client -> pod:15020": "status:15020",
    "client -> pod:15021": "envoy-inbound:15006",
    "upstream -> pod:80": "app:80",
    "app -> upstream:80": "envoy-outbound:15001",
    "app -> upstream:8050": "envoy-outbound:15001",
    "app -> pod:80": "envoy-inbound:15006",
    "envoy -> pod:8000": "envoy-inbound:15006",
  },
  forward: {
    "client -> pod:80": "app:80",
    "client -> pod:81": "app:81 via envoy-inbound from 127.0.0.6",
    "client -> pod:8101": "refused via envoy-inbound",
  },
});
