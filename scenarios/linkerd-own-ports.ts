import { defineScenario } from "../harness/model/scenario.ts";
import { proxy } from "./usual/linkerd.ts";

export default defineScenario({
  name: "linkerd-own-ports",
  claim:
    "The proxy's control and admin ports are reached as they are dialled, and peers that dial its capture ports reach the inbound one.",
  mesh: "linkerd",
  capture: [
    ...proxy,
    ...["--inbound-ports-to-ignore", "4190,4191,4567,4568", "--outbound-ports-to-ignore", "4567,4568"],
  ],
  answer: {
    "client -> pod:4190": "proxy-control:4190",
    "client -> pod:4191": "proxy-admin:4191",
    "client -> pod:4189": "proxy-inbound:4143",
    "client -> pod:4192": "proxy-inbound:4143",
    "client -> pod:4143": "proxy-inbound:4143",
    "client -> pod:4140": "proxy-inbound:4143",
    "client6 -> pod6:4190": "proxy-control:4190",
    "client6 -> pod6:4191": "proxy-admin:4191",
    "client6 -> pod6:4189": "proxy-inbound:4143",
    "client6 -> pod6:4192": "proxy-inbound:4143",
  },
});
