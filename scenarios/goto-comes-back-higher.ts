import { defineScenario } from "../harness/model/scenario.ts";

// From A a goto leads to B; B falls through to the caller of A, which was entered by goto too: PREROUTING's policy.
export default defineScenario({
  name: "goto-comes-back-higher",
  claim: "A packet that falls through a chain entered by goto returns to the caller's caller.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  rules: {
    ip: `*nat
:PREROUTING ACCEPT [0:0]
:A - [0:0]
:B - [0:0]
-A PREROUTING -p tcp -m tcp --dport 8080 -g A
-A PREROUTING -p tcp -m tcp --dport 80 -j A
-A PREROUTING -p tcp -m tcp --dport 8080:8081 -j REDIRECT --to-ports 15006
-A PREROUTING -p tcp -m tcp --dport 80:81 -j REDIRECT --to-ports 15006
-A A -p tcp -m tcp --dport 8080 -g B
-A A -p tcp -j REDIRECT --to-ports 15001
-A B -p tcp -m tcp --dport 1 -j REDIRECT --to-ports 15001
COMMIT
`,
  },
  listen: [80, 81],
  answer: {
    "client -> pod:8080": "app:8080",
    "client -> pod:80": "envoy-outbound:15001",
    "client -> pod:81": "envoy-inbound:15006",
    "client -> pod:8081": "envoy-inbound:15006",
    "client -> pod:79": "refused",
    "client -> pod:82": "refused",
    "client -> pod:8079": "refused",
    "client -> pod:8082": "refused",
  },
});
