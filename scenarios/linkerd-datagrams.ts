import { defineScenario } from "../harness/model/scenario.ts";
import { proxy } from "./usual/linkerd.ts";

export default defineScenario({
  name: "linkerd-datagrams",
  claim: "Linkerd redirects no datagram: QUIC and DNS pass by the proxy, and DNS over TCP is captured.",
  mesh: "linkerd",
  capture: [
    ...proxy,
    ...["--inbound-ports-to-ignore", "4190,4191,4567,4568", "--outbound-ports-to-ignore", "4567,4568"],
  ],
  answer: {
    "app -> upstream:443/udp": "upstream:443",
    "app -> 10.96.0.10:53/udp": "upstream:53",
    "app -> 10.96.0.10:53": "proxy-outbound:4140",
    "client -> pod:8080/udp": "app:8080",
    "app -> upstream6:443/udp": "upstream:443",
  },
});
