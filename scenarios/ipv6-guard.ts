import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "ipv6-guard",
  claim:
    "On an IPv4 pod IPv6 from outside is refused, IPv6 to outside and on ::1 works, and none of it reaches the proxy.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  answer: {
    "client6 -> pod6:8080": "refused",
    "client6 -> pod6:22": "refused",
    "client6 -> pod6:15020": "refused",
    "upstream6 -> pod6:8080": "refused",
    "app -> upstream6:80": "upstream:80",
    "envoy -> upstream6:80": "upstream:80",
    "app -> localhost6:8080": "app:8080",
    "app -> pod6:8080": "timed-out",
    "app -> [2001:db8::1]:443": "upstream:443",
    "client -> pod:8080": "envoy-inbound:15006",
  },
});
