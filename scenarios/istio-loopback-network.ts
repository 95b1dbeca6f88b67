import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-loopback-network",
  claim: "With a wider loopback network calls to any of its addresses are left alone, the proxy's too.",
  mesh: "istio",
  capture: ["-u", "1337", "-b", "*", "-i", "*"],
  environment: { ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR: "127.0.0.0/8" },
  answer: {
    ...usual,
    "app -> 127.0.0.2:8080": "app:8080",
    "envoy -> 127.0.0.2:8080": "app:8080",
    "envoy -> 127.255.255.254:8080": "app:8080",
    "uid=1337 -> 127.0.0.2:8080": "app:8080",
    "root -> 126.0.0.0:1": "envoy-outbound:15001",
    "root -> 128.0.0.0:1": "envoy-outbound:15001",
  },
});
