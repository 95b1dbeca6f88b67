import { defineScenario } from "../harness/model/scenario.ts";

// In the original IPv6 has RETURN where IPv4 has the capture; with ranges both capture (ipv6-pod-kubevirt-ranges).
export default defineScenario({
  name: "ipv6-pod-kubevirt",
  claim:
    "On an IPv6 pod with -i '*' a virtual machine's IPv6 calls pass uncaptured, while its IPv4 calls go to the proxy.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-k", "net1"],
  pod: "ipv6",
  answer: {
    "vm6 -> upstream6:80": "upstream:80",
    "vm6 -> pod6:8080": "app:8080",
    "vm -> upstream:80": "envoy-outbound:15001",
    "client6 -> pod6:8080": "envoy-inbound:15006",
  },
});
