import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "loopback-untouched",
  claim: "Traffic to 127.0.0.1 is not captured, whatever its owner and port; traffic to the rest of 127.0.0.0/8 is.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  answer: {
    "app -> localhost:8080": "app:8080",
    "envoy -> localhost:8080": "app:8080",
    "root -> localhost:22": "app:22",
    "app -> localhost:9090": "refused",
    "app -> localhost:15020": "status:15020",
    "uid=1337,gid=1000 -> localhost:8080": "app:8080",
    "app -> 127.0.0.2:8080": "envoy-inbound:15006",
    "app -> 127.0.0.6:8080": "envoy-inbound:15006",
    "app -> 127.255.255.254:8080": "envoy-inbound:15006",
    "envoy -> 127.0.0.2:8080": "envoy-inbound:15006",
    "root -> 127.0.0.2:9090": "envoy-inbound:15006",
  },
  forward: {
    "app -> localhost:8080": "app:8080",
    "app -> 127.0.0.2:8080": "app:8080 via envoy-inbound from 127.0.0.6",
  },
});
