import { defineScenario } from "../harness/model/scenario.ts";
import { proxy, usual, usualOverIpv6 } from "./usual/linkerd.ts";

export default defineScenario({
  name: "linkerd-skip-subnets",
  claim:
    "Peers of a subnet to ignore reach the app, each family by its own subnets; what the pod dials there is captured.",
  mesh: "linkerd",
  capture: [...proxy, "--subnets-to-ignore", "192.0.2.0/24,2001:db8::/32"],
  answer: {
    ...usual,
    ...usualOverIpv6,
    "upstream@192.0.2.0 -> pod:8080": "app:8080",
    "upstream@192.0.2.255 -> pod:8080": "app:8080",
    "upstream@192.0.1.255 -> pod:8080": "proxy-inbound:4143",
    "upstream@192.0.3.0 -> pod:8080": "proxy-inbound:4143",
    "app -> 192.0.2.1:80": "proxy-outbound:4140",
    "upstream6@[2001:db8::1] -> pod6:8080": "app:8080",
    "upstream6@[2001:db9::] -> pod6:8080": "proxy-inbound:4143",
  },
});
