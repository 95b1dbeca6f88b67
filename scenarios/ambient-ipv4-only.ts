import { defineScenario } from "../harness/model/scenario.ts";
import { usual, usualDns } from "./usual/ambient.ts";

export default defineScenario({
  name: "ambient-ipv4-only",
  claim: "Without AMBIENT_IPV6 only IPv4 is captured.",
  mesh: "istio-ambient",
  capture: ["--ambient-dns-capture"],
  answer: {
    ...usual,
    ...usualDns,
    "client6 -> pod6:8080": "app:8080",
    "app -> upstream6:80": "upstream:80",
    "app -> upstream6:53/udp": "upstream:53",
    "app -> pod:53/udp": "refused",
  },
});
