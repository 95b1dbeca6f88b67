import { defineScenario } from "../harness/model/scenario.ts";

export default defineScenario({
  name: "missing-uid-rule",
  claim: "Without the uid rule the proxy is recognised only by its gid.",
  capture: ["-u", "1337", "-i", "*", "-b", "*", "-d", "15020"],
  without: [{ family: 4, table: "nat", rule: "-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN" }],
  answer: {
    "envoy -> upstream:80": "upstream:80",
    "uid=1337,gid=1000 -> upstream:80": "envoy-outbound:15001",
    "uid=1000,gid=1337 -> upstream:80": "upstream:80",
    "uid=1337,gid=1336 -> upstream:80": "envoy-outbound:15001",
  },
  forward: {
    "app -> upstream:80": "upstream:80 via envoy-outbound",
  },
});
