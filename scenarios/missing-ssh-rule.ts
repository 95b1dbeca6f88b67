import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "missing-ssh-rule",
  claim: "Without the rule for port 22 ssh goes to the proxy.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  without: [{ family: 4, table: "nat", rule: "-A ISTIO_INBOUND -p tcp -m tcp --dport 22 -j RETURN" }],
  answer: {
    "client -> pod:22": "envoy-inbound:15006",
    "client -> pod:21": "envoy-inbound:15006",
    "client -> pod:23": "envoy-inbound:15006",
    "client -> pod:15020": "status:15020",
  },
  forward: {
    "client -> pod:22": "app:22 via envoy-inbound from 127.0.0.6",
  },
});
