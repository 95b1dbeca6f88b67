import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "tproxy-port-list",
  claim:
    "With TPROXY and a list in -b exactly the listed ports and ranges go to the proxy, 22 among them, whatever -d says.",
  capture: ["-u", "1337", "-m", "TPROXY", "-b", "22,8080,9000:9002", "-d", "8080"],
  listen: [8999, 9000, 9002, 9003],
  answer: {
    "client -> pod:22": "envoy-outbound:15001",
    "client -> pod:8080": "envoy-outbound:15001",
    "client -> pod:8999": "app:8999",
    "client -> pod:9000": "envoy-outbound:15001",
    "client -> pod:9002": "envoy-outbound:15001",
    "client -> pod:9003": "app:9003",
    "client -> pod:9004": "refused",
    "client -> pod:15020": "status:15020",
    "app -> pod:8080": "envoy-outbound:15001",
    "app -> upstream:80": "upstream:80",
  },
  forward: {
    "client -> pod:9002": "app:9002 via envoy-outbound from 127.0.0.1",
    "client -> pod:9003": "app:9003",
  },
});
