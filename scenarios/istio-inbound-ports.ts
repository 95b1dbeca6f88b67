import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-inbound-ports",
  claim: "Of the listed inbound ports, and of those alone, the connections are captured.",
  mesh: "istio",
  capture: ["-u", "1337", "-b", "80,8000:8100", "-i", "*"],
  listen: [7999, 8101],
  answer: {
    ...usual,
    "client -> pod:80": "envoy-inbound:15006",
    "client -> pod:8000": "envoy-inbound:15006",
    "client -> pod:8100": "envoy-inbound:15006",
    "client -> pod:79": "refused",
    "client -> pod:81": "refused",
    "client -> pod:7999": "app:7999",
    "client -> pod:8101": "app:8101",
    "client -> pod:22": "app:22",
    "client -> pod:15007": "refused",
    "client -> pod:15009": "refused",
  },
});
