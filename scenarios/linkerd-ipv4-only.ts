import { defineScenario } from "../harness/model/scenario.ts";
import { proxy, usual } from "./usual/linkerd.ts";

export default defineScenario({
  name: "linkerd-ipv4-only",
  claim: "With --ipv6=false IPv6 is left alone.",
  mesh: "linkerd",
  capture: [...proxy, "--ipv6=false"],
  answer: {
    ...usual,
    "client6 -> pod6:8080": "app:8080",
    "app -> upstream6:80": "upstream:80",
  },
});
