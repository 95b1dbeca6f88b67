import { defineScenario } from "../harness/model/scenario.ts";
import { proxy, usual } from "./usual/linkerd.ts";

export default defineScenario({
  name: "linkerd-missing-uid-rule",
  claim: "Without the rule for the proxy's uid what the proxy sends on comes back to it.",
  mesh: "linkerd",
  capture: [...proxy, "--ipv6=false"],
  without: [
    {
      family: 4,
      table: "nat",
      rule: '-A PROXY_INIT_OUTPUT -m owner --uid-owner 2102 -m comment --comment "proxy-init/ignore-proxy-user-id" -j RETURN',
    },
  ],
  answer: {
    ...usual,
    "proxy -> upstream:80": "proxy-outbound:4140",
    "proxy -> pod:8080": "app:8080",
    "uid=2102 -> upstream:80": "proxy-outbound:4140",
  },
  forward: {
    "app -> upstream:80": "loop",
    "client -> pod:8080": "app:8080 via proxy-inbound",
  },
});
