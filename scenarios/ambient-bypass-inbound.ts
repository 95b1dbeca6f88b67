import { defineScenario } from "../harness/model/scenario.ts";
import { usual, usualDns } from "./usual/ambient.ts";

export default defineScenario({
  name: "ambient-bypass-inbound",
  claim: "With inbound capture bypassed peers reach the app, and outbound traffic is captured as ever.",
  mesh: "istio-ambient",
  capture: ["--ambient-dns-capture", "--bypass-inbound-capture"],
  answer: {
    ...usual,
    ...usualDns,
    "client -> pod:8080": "app:8080",
    "client -> pod:15007": "refused",
    "client -> pod:15009": "refused",
    "upstream@169.254.7.126 -> pod:8080": "app:8080",
    "app -> pod:53/udp": "refused",
  },
});
