import { defineScenario } from "../harness/model/scenario.ts";

// What is dialled elsewhere reaches the proxy only if the mark leads to the table and the table's route into the pod: a rule or a route
// with another number, and the packet passes on to upstream.
export default defineScenario({
  name: "tproxy-mark-and-table",
  claim: "With a mark and a routing table of one's own TPROXY also takes what passes the pod on its way elsewhere.",
  capture: ["-u", "1337", "-m", "TPROXY", "-b", "80,443", "-k", "net1"],
  environment: { ISTIO_INBOUND_TPROXY_MARK: "0x1092", ISTIO_INBOUND_TPROXY_ROUTE_TABLE: "77" },
  listen: [80],
  answer: {
    "vm -> upstream:80": "envoy-outbound:15001",
    "vm -> upstream:443": "envoy-outbound:15001",
    "vm -> upstream:81": "upstream:81",
    "vm -> pod:80": "envoy-outbound:15001",
    "client -> pod:80": "envoy-outbound:15001",
    "client -> pod:8080": "app:8080",
  },
});
