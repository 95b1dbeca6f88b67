import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "redirect-to-same-port",
  claim: "A redirect to the very port that was dialled shows only where it changes the address.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  rules: {
    ip: `*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 8080
-A OUTPUT -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 8080
COMMIT
`,
  },
  answer: {
    "client -> pod:8080": "app:8080",
    "app -> upstream:8080": "app:8080",
    "app -> 10.96.0.1:8080": "app:8080",
    "app -> upstream:80": "upstream:80",
    "app -> upstream:8079": "upstream:8079",
    "app -> upstream:8081": "upstream:8081",
    "client -> pod:8079": "refused",
    "client -> pod:8081": "refused",
    "app -> pod:8080": "app:8080 redirected",
  },
});
