import { defineScenario } from "../harness/model/scenario.ts";
import { proxy, usual } from "./usual/linkerd.ts";

export default defineScenario({
  name: "linkerd-listed-ports",
  claim: "With ports to redirect only those are captured, and of them those to ignore are left alone all the same.",
  mesh: "linkerd",
  capture: [...proxy, ...["--ports-to-redirect", "80,8080", "--inbound-ports-to-ignore", "8080", "--ipv6=false"]],
  answer: {
    ...usual,
    "client -> pod:80": "proxy-inbound:4143",
    "client -> pod:8080": "app:8080",
    "client -> pod:8080/udp": "app:8080",
    "client -> pod:79": "refused",
    "client -> pod:81": "refused",
    "client -> pod:22": "app:22",
    "app -> upstream:8080": "proxy-outbound:4140",
    "client -> pod:8079": "refused",
    "client -> pod:8081": "refused",
  },
});
