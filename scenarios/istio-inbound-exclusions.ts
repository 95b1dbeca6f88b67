import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-inbound-exclusions",
  claim: "Excluded inbound ports and ranges reach the app, and the ports beside them the proxy.",
  mesh: "istio",
  capture: ["-u", "1337", "-b", "*", "-d", "22,9000:9010,15020", "-i", "*"],
  listen: [9000, 9010],
  answer: {
    ...usual,
    "client -> pod:22": "app:22",
    "client -> pod:9000": "app:9000",
    "client -> pod:9010": "app:9010",
    "client -> pod:15020": "status:15020",
    "client -> pod:8999": "envoy-inbound:15006",
    "client -> pod:9011": "envoy-inbound:15006",
    "client -> pod:21": "envoy-inbound:15006",
    "client -> pod:23": "envoy-inbound:15006",
    "client -> pod:15019": "envoy-inbound:15006",
    "client -> pod:15021": "envoy-inbound:15006",
    "client -> pod:15090": "envoy-inbound:15006",
    "app -> pod:9000": "app:9000",
    "app -> upstream:22": "envoy-outbound:15001",
  },
});
