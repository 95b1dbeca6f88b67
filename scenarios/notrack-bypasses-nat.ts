import { defineScenario } from "../harness/model/scenario.ts";

// The answers must be taken out as well: tracked on their own, they would be redirected as if they began something.
export default defineScenario({
  name: "notrack-bypasses-nat",
  claim: "nat rules do not see packets that the raw table excludes from connection tracking.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  rules: {
    ip: `*raw
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 8080 -j CT --notrack
-A PREROUTING -p tcp -m tcp --sport 80 -j CT --notrack
-A OUTPUT -p tcp -m tcp --dport 80 -j CT --notrack
-A OUTPUT -p tcp -m tcp --sport 8080 -j CT --notrack
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -p tcp -j REDIRECT --to-ports 15006
-A OUTPUT -p tcp -j REDIRECT --to-ports 15001
COMMIT
`,
  },
  answer: {
    "client -> pod:8080": "app:8080",
    "client -> pod:80": "envoy-inbound:15006",
    "client -> pod:8079": "envoy-inbound:15006",
    "client -> pod:8081": "envoy-inbound:15006",
    "app -> upstream:80": "upstream:80",
    "app -> upstream:81": "envoy-outbound:15001",
    "app -> upstream:79": "envoy-outbound:15001",
  },
});
