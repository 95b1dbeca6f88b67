import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "missing-status-rule",
  claim: "Without the exclusion of 15020 health checks go to the proxy.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  without: [{ family: 4, table: "nat", rule: "-A ISTIO_INBOUND -p tcp -m tcp --dport 15020 -j RETURN" }],
  answer: {
    "client -> pod:15020": "envoy-inbound:15006",
    "client -> pod:22": "app:22",
    "app -> localhost:15020": "status:15020",
  },
  forward: {
    "client -> pod:15020": "status:15020 via envoy-inbound from 127.0.0.6",
  },
});
