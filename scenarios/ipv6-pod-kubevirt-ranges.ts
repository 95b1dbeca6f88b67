import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "ipv6-pod-kubevirt-ranges",
  claim:
    "On an IPv6 pod with ranges in -i a virtual machine's calls into them are captured; all else it dials counts as inbound, since IPv6 has no RETURN for it.",
  capture: ["-u", "1337", "-i", "2001:db8::/32,2001:db9::/32", "-b", "8080", "-k", "net1"],
  pod: "ipv6",
  answer: {
    "vm6 -> [2001:db8::1]:80": "envoy-outbound:15001",
    "vm6 -> [2001:db9::1]:80": "envoy-outbound:15001",
    "vm6 -> [2001:dba::1]:80": "upstream:80",
    "vm6 -> [2001:dba::1]:8080": "envoy-outbound:15001",
    "vm6 -> pod6:8080": "envoy-outbound:15001",
    "vm6 -> pod6:22": "app:22",
    "app -> [2001:db9::1]:80": "envoy-outbound:15001",
  },
});
