import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "rules-that-only-count",
  claim: "Rules that count, mark or log decide nothing.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  rules: {
    ip: `*mangle
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:COUNT - [0:0]
-A PREROUTING -p tcp -j MARK --set-xmark 0x1/0xffffffff
-A PREROUTING -p tcp -j COUNT
-A OUTPUT -p tcp -j COUNT
-A COUNT -p tcp
-A COUNT -j RETURN
COMMIT
`,
  },
  answer: {
    "client -> pod:8080": "app:8080",
    "app -> upstream:80": "upstream:80",
    "client -> pod:9090": "refused",
    "app -> localhost:8080": "app:8080",
  },
});
