import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "pass-through-source",
  claim: "From inside, only connections from 127.0.0.6 reach the pod's own address directly, whatever their owner.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  answer: {
    "envoy@127.0.0.6 -> pod:8080": "app:8080",
    "app@127.0.0.6 -> pod:8080": "app:8080",
    "root@127.0.0.6 -> pod:8080": "app:8080",
    "envoy@127.0.0.6 -> pod:22": "app:22",
    "envoy@127.0.0.6 -> pod:9090": "refused",
    "envoy@127.0.0.5 -> pod:8080": "envoy-inbound:15006",
    "envoy@127.0.0.7 -> pod:8080": "envoy-inbound:15006",
    "envoy@127.0.0.1 -> pod:8080": "envoy-inbound:15006",
    "envoy@127.0.0.6 -> 127.0.0.2:8080": "app:8080",
  },
  forward: {
    "envoy@127.0.0.6 -> pod:8080": "app:8080 from 127.0.0.6",
    "envoy@127.0.0.5 -> pod:8080": "app:8080 via envoy-inbound from 127.0.0.6",
  },
});
