import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "inbound-list-with-ssh",
  claim: "A list in -b that names port 22 captures it: the exception for 22 belongs to the wildcard.",
  capture: ["-u", "1337", "-i", "*", "-b", "22,80"],
  answer: {
    "client -> pod:21": "refused",
    "client -> pod:22": "envoy-outbound:15001",
    "client -> pod:23": "refused",
    "client -> pod:80": "envoy-outbound:15001",
    "client -> pod:8080": "app:8080",
  },
  forward: {
    "client -> pod:22": "app:22 via envoy-outbound from 127.0.0.1",
  },
});
