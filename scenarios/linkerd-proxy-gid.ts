import { defineScenario } from "../harness/model/scenario.ts";
import { proxy } from "./usual/linkerd.ts";

export default defineScenario({
  name: "linkerd-proxy-gid",
  claim: "With --proxy-gid both the uid and the gid are left alone, and nobody beside them.",
  mesh: "linkerd",
  capture: [...proxy, ...["--proxy-gid", "2103", "--ipv6=false"]],
  answer: {
    "proxy -> upstream:80": "upstream:80",
    "uid=2102 -> upstream:80": "upstream:80",
    "gid=2103 -> upstream:80": "upstream:80",
    "uid=2101 -> upstream:80": "proxy-outbound:4140",
    "uid=2103 -> upstream:80": "proxy-outbound:4140",
    "gid=2102 -> upstream:80": "proxy-outbound:4140",
    "gid=2104 -> upstream:80": "proxy-outbound:4140",
    "uid=2103,gid=2102 -> upstream:80": "proxy-outbound:4140",
    "client -> pod:8080": "proxy-inbound:4143",
    "app -> pod:8080": "app:8080",
  },
});
