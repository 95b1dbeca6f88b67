import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-missing-owner-rules",
  claim: "Without the owner rules what the proxy sends on comes back to it until the connection ends as a loop.",
  mesh: "istio",
  capture: ["-u", "1337", "-b", "*", "-i", "*"],
  without: [
    { family: 4, table: "nat", rule: "-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN" },
    { family: 4, table: "nat", rule: "-A ISTIO_OUTPUT -m owner --gid-owner 1337 -j RETURN" },
  ],
  answer: {
    ...usual,
    "envoy -> upstream:80": "envoy-outbound:15001",
    "uid=1000,gid=1337 -> upstream:80": "envoy-outbound:15001",
    "uid=1337 -> upstream:80": "envoy-outbound:15001",
    "gid=1337 -> upstream:80": "envoy-outbound:15001",
    "envoy@127.0.0.7 -> 127.0.0.6:15008": "envoy-outbound:15001",
    "uid=1337,gid=1336@127.0.0.7 -> 127.0.0.6:15008": "tunnel:15008",
    "uid=1337,gid=1338@127.0.0.7 -> 127.0.0.6:15008": "tunnel:15008",
  },
  forward: {
    "app -> upstream:80": "loop",
  },
});
