import { defineScenario } from "../harness/model/scenario.ts";
import { proxy, usual } from "./usual/linkerd.ts";

export default defineScenario({
  name: "linkerd-skip-ports",
  claim: "Ports and ranges to ignore are left alone in their direction, and the ports beside them are captured.",
  mesh: "linkerd",
  capture: [
    ...proxy,
    ...["--inbound-ports-to-ignore", "25,8000-8100", "--outbound-ports-to-ignore", "443,3306-3307", "--ipv6=false"],
  ],
  listen: [25, 8100],
  answer: {
    ...usual,
    "client -> pod:25": "app:25",
    "client -> pod:8000": "refused",
    "client -> pod:8080": "app:8080",
    "client -> pod:8100": "app:8100",
    "client -> pod:24": "proxy-inbound:4143",
    "client -> pod:26": "proxy-inbound:4143",
    "client -> pod:7999": "proxy-inbound:4143",
    "client -> pod:8101": "proxy-inbound:4143",
    "app -> upstream:443": "upstream:443",
    "app -> upstream:3306": "upstream:3306",
    "app -> upstream:3307": "upstream:3307",
    "app -> upstream:442": "proxy-outbound:4140",
    "app -> upstream:444": "proxy-outbound:4140",
    "app -> upstream:3305": "proxy-outbound:4140",
    "app -> upstream:3308": "proxy-outbound:4140",
    "app -> upstream:25": "proxy-outbound:4140",
    "client -> pod:443": "proxy-inbound:4143",
  },
});
