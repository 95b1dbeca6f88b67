import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "first-nat-verdict-wins",
  claim: "The first deciding rule of nat OUTPUT ends its evaluation.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  rules: {
    ip: `*nat
:OUTPUT ACCEPT [0:0]
-A OUTPUT -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 15001
-A OUTPUT -p tcp -m tcp --dport 80:81 -j REDIRECT --to-ports 15006
COMMIT
`,
  },
  answer: {
    "app -> upstream:80": "envoy-outbound:15001",
    "envoy -> upstream:80": "envoy-outbound:15001",
    "app -> upstream:81": "envoy-inbound:15006",
    "app -> upstream:79": "upstream:79",
    "app -> upstream:82": "upstream:82",
    "client -> pod:8080": "app:8080",
  },
});
