import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "linkerd-injected",
  claim:
    "Linkerd's injector captures both families, but not its own ports, ignored ports, or traffic of the proxy's uid.",
  mesh: "linkerd",
  capture: [
    "--incoming-proxy-port",
    "4143",
    "--outgoing-proxy-port",
    "4140",
    "--proxy-uid",
    "2102",
    "--inbound-ports-to-ignore",
    "4190,4191,4567,4568",
    "--outbound-ports-to-ignore",
    "4567,4568",
  ],
  answer: {
    "client -> pod:8080": "proxy-inbound:4143",
    "client -> pod:4567": "refused",
    "app -> upstream:80": "proxy-outbound:4140",
    "app -> upstream:4567": "upstream:4567",
    "app -> upstream6:80": "proxy-outbound:4140",
    "proxy -> upstream:80": "upstream:80",
    "app -> pod:8080": "app:8080",
    "app -> localhost:8080": "app:8080",
    "client6 -> pod6:8080": "proxy-inbound:4143",
    "proxy -> upstream6:80": "upstream:80",
    "root -> localhost6:8080": "app:8080",
    "app -> upstream6:4567": "upstream:4567",
    "client6 -> pod6:4190": "proxy-control:4190",
  },
});
