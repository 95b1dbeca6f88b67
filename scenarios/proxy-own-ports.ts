import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "proxy-own-ports",
  claim: "Connections to the proxy's own ports land on the proxy, which closes them, so they do not loop.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  answer: {
    "client -> pod:15001": "envoy-inbound:15006",
    "client -> pod:15006": "envoy-inbound:15006",
    "app -> pod:15001": "envoy-inbound:15006",
    "app -> pod:15006": "envoy-inbound:15006 redirected",
    "app -> localhost:15001": "envoy-outbound:15001",
    "app -> localhost:15006": "envoy-inbound:15006",
    "envoy -> localhost:15001": "envoy-outbound:15001",
    "envoy -> localhost:15006": "envoy-inbound:15006",
    "app -> upstream:15001": "envoy-outbound:15001",
    "app -> upstream:15006": "envoy-outbound:15001",
  },
  forward: {
    "client -> pod:15001": "envoy-inbound:15006",
    "client -> pod:15006": "envoy-inbound:15006",
    "app -> localhost:15001": "envoy-outbound:15001",
    "envoy -> localhost:15001": "envoy-outbound:15001",
    "app -> pod:15001": "envoy-inbound:15006",
    "app -> upstream:15001": "upstream:15001 via envoy-outbound",
  },
});
