import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "ways-to-be-turned-away",
  claim: "Depending on the rule, a rejected flow is refused, unreachable or reset; a dropped flow times out.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  rules: {
    ip: `*filter
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -p tcp -m tcp --dport 81 -j REJECT --reject-with tcp-reset
-A INPUT -p tcp -m tcp --dport 82 -j REJECT --reject-with icmp-port-unreachable
-A INPUT -p tcp -m tcp --dport 83 -j REJECT --reject-with icmp-host-unreachable
-A INPUT -p tcp -m tcp --dport 84 -m conntrack --ctstate ESTABLISHED -j REJECT --reject-with tcp-reset
-A INPUT -p tcp -m tcp --dport 85 -j DROP
-A OUTPUT -p tcp -m tcp --dport 81 -j REJECT --reject-with tcp-reset
COMMIT
`,
  },
  listen: [81, 82, 83, 84, 85, 86],
  answer: {
    "client -> pod:8080": "app:8080",
    "client -> pod:81": "refused",
    "client -> pod:82": "refused",
    "client -> pod:83": "unreachable",
    "client -> pod:84": "reset",
    "client -> pod:85": "timed-out",
    "client -> pod:86": "app:86",
    "app -> upstream:81": "refused",
    "app -> upstream:82": "upstream:82",
  },
});
