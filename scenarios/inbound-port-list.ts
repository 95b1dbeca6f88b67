import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "inbound-port-list",
  claim: "With a list in -b exactly the listed inbound ports go to the proxy port, whatever -d says.",
  capture: ["-u", "1337", "-i", "*", "-b", "80,443", "-d", "443"],
  listen: [79, 80, 81, 443],
  answer: {
    "client -> pod:79": "app:79",
    "client -> pod:80": "envoy-outbound:15001",
    "client -> pod:81": "app:81",
    "client -> pod:442": "refused",
    "client -> pod:443": "envoy-outbound:15001",
    "client -> pod:444": "refused",
    "client -> pod:22": "app:22",
    "client -> pod:8080": "app:8080",
    "client -> pod:15020": "status:15020",
    "client -> pod:15006": "envoy-inbound:15006",
    "upstream -> pod:80": "envoy-outbound:15001",
    "app -> pod:8080": "envoy-outbound:15001",
    "app -> pod:80": "envoy-outbound:15001",
    "app -> upstream:80": "envoy-outbound:15001",
    "envoy -> upstream:443": "upstream:443",
  },
  forward: {
    "client -> pod:80": "app:80 via envoy-outbound from 127.0.0.1",
    "client -> pod:443": "app:443 via envoy-outbound from 127.0.0.1",
    "app -> pod:80": "app:80 via envoy-outbound from 127.0.0.1",
  },
});
