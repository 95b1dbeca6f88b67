import { defineScenario } from "../harness/model/scenario.ts";

// Any value that is not empty switches it off, `false` as well: that is the original's habit.
export default defineScenario({
  name: "loopback-capture-off",
  claim:
    "DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK takes the rule for the pod's own address out: the app's call counts as outbound, the proxy's is left alone.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  environment: { DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK: "false" },
  answer: {
    "app -> pod:8080": "envoy-outbound:15001",
    "envoy -> pod:8080": "app:8080",
    "app -> 127.0.0.2:8080": "envoy-outbound:15001",
    "app -> localhost:8080": "app:8080",
    "envoy@127.0.0.6 -> pod:8080": "app:8080",
    "client -> pod:8080": "envoy-inbound:15006",
    "app -> upstream:80": "envoy-outbound:15001",
  },
  forward: {
    "app -> pod:8080": "app:8080 via envoy-outbound from 127.0.0.1",
  },
});
