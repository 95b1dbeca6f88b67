import { defineScenario } from "../harness/model/scenario.ts";
import { proxy, usual, usualOverIpv6 } from "./usual/linkerd.ts";

export default defineScenario({
  name: "linkerd-injected",
  claim:
    "Linkerd's injector captures both families, but not its own ports, ignored ports, or traffic of the proxy's uid.",
  mesh: "linkerd",
  capture: [...proxy, "--inbound-ports-to-ignore", "4190,4191,4567,4568", "--outbound-ports-to-ignore", "4567,4568"],
  answer: {
    ...usual,
    ...usualOverIpv6,
    "client -> pod:4567": "refused",
    "app -> upstream:4567": "upstream:4567",
    "root -> localhost6:8080": "app:8080",
    "app -> upstream6:4567": "upstream:4567",
    "client6 -> pod6:4190": "proxy-control:4190",
    "app -> upstream:4566": "proxy-outbound:4140",
    "app -> upstream:4568": "upstream:4568",
    "app -> upstream:4569": "proxy-outbound:4140",
    "client -> pod:4566": "proxy-inbound:4143",
    "client -> pod:4568": "refused",
    "client -> pod:4569": "proxy-inbound:4143",
    "app -> upstream6:4566": "proxy-outbound:4140",
    "app -> upstream6:4568": "upstream:4568",
    "app -> upstream6:4569": "proxy-outbound:4140",
    "client6 -> pod6:4566": "proxy-inbound:4143",
    "client6 -> pod6:4567": "refused",
    "client6 -> pod6:4568": "refused",
    "client6 -> pod6:4569": "proxy-inbound:4143",
    "client -> pod:4189": "proxy-inbound:4143",
    "client -> pod:4190": "proxy-control:4190",
    "client -> pod:4191": "proxy-admin:4191",
    "client -> pod:4192": "proxy-inbound:4143",
    "client6 -> pod6:4189": "proxy-inbound:4143",
    "client6 -> pod6:4191": "proxy-admin:4191",
    "client6 -> pod6:4192": "proxy-inbound:4143",
  },
});
