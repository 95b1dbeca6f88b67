import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-missing-self-call-rule",
  claim: "Without the rule for self calls what the proxy dials at the pod's own address is not captured.",
  mesh: "istio",
  capture: ["-u", "1337", "-b", "*", "-i", "*"],
  without: [
    {
      family: 4,
      table: "nat",
      rule: "-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m tcp ! --dport 15008 -m owner --uid-owner 1337 -j ISTIO_IN_REDIRECT",
    },
  ],
  answer: {
    ...usual,
    "envoy -> pod:8080": "app:8080",
    "uid=1000,gid=1337 -> pod:8080": "app:8080",
    "uid=1337,gid=1000 -> pod:8080": "app:8080",
    "uid=1337 -> pod:8080": "app:8080",
    "uid=1337 -> 127.0.0.2:8080": "app:8080",
    "uid=1337 -> pod:15007": "refused",
    "uid=1337 -> pod:15009": "refused",
    "uid=1337 -> pod:15020": "status:15020",
    "uid=1337@127.0.0.7 -> pod:8080": "app:8080",
  },
});
