import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "dnat-from-output",
  claim: "A destination changed in OUTPUT lands there, and the listener learns what was dialled.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  rules: {
    ip: `*nat
:OUTPUT ACCEPT [0:0]
-A OUTPUT -d 10.96.0.1/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:8080
COMMIT
`,
  },
  answer: {
    "app -> 10.96.0.1:80": "app:8080 at 127.0.0.1",
    "app -> 10.96.0.1:81": "upstream:81",
    "envoy -> 10.96.0.1:80": "app:8080 at 127.0.0.1",
    "app -> 10.96.0.2:80": "upstream:80",
    "app -> 10.96.0.0:80": "upstream:80",
    "app -> 10.96.0.1:79": "upstream:79",
  },
});
