import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "outbound-ports-exclude",
  claim:
    "Ports in -o are not captured outbound, whatever the owner and before every other rule, but are captured inbound.",
  capture: ["-u", "1337", "-b", "*", "-i", "*", "-o", "443,8000:8100"],
  answer: {
    "app -> upstream:442": "envoy-outbound:15001",
    "app -> upstream:443": "upstream:443",
    "app -> upstream:444": "envoy-outbound:15001",
    "app -> upstream:7999": "envoy-outbound:15001",
    "app -> upstream:8000": "upstream:8000",
    "app -> upstream:8100": "upstream:8100",
    "app -> upstream:8101": "envoy-outbound:15001",
    "root -> upstream:443": "upstream:443",
    "app -> 10.96.0.1:8050": "upstream:8050",
    "app -> pod:8080": "app:8080",
    "app -> pod:7999": "envoy-inbound:15006",
    "envoy -> pod:8080": "app:8080",
    "client -> pod:443": "envoy-inbound:15006",
    "client -> pod:8080": "envoy-inbound:15006",
    "app -> pod:443": "refused",
  },
});
