import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "pass-through-source",
  claim: "Only 127.0.0.6 passes to the pod's own address from inside, whoever uses it; its neighbours do not.",
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
