import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "missing-ipv6-guard",
  claim: "Without the guard IPv6 reaches an IPv4 pod and bypasses the proxy.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  without: [{ family: 6, table: "filter", rule: "-A INPUT -j REJECT --reject-with icmp6-port-unreachable" }],
  answer: {
    "client6 -> pod6:8080": "app:8080",
    "client6 -> pod6:9090": "refused",
    "app -> pod6:8080": "app:8080",
    "client -> pod:8080": "envoy-inbound:15006",
  },
});
