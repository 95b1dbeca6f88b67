import { defineScenario } from "../harness/model/scenario.ts";

// Under TPROXY even the proxy's own call to the pod's IPv4 address comes back to it: mangle PREROUTING sees lo, and knows no owner.
export default defineScenario({
  name: "ipv6-pod-always-redirects",
  claim:
    "On an IPv6 pod TPROXY and the variable that leaves loopback alone count for IPv4 only: IPv6 is redirected, calls to the pod's own address too.",
  capture: ["-u", "1337", "-m", "TPROXY", "-i", "*", "-b", "*"],
  environment: { DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK: "true" },
  pod: "ipv6",
  answer: {
    "client6 -> pod6:8080": "envoy-inbound:15006",
    "client -> pod:8080": "envoy-outbound:15001",
    "app -> pod6:8080": "envoy-inbound:15006",
    "app -> pod:8080": "envoy-outbound:15001",
    "envoy -> pod:8080": "envoy-outbound:15001",
    "envoy -> pod6:8080": "envoy-inbound:15006",
  },
});
