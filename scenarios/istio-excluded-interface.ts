import { defineScenario } from "../harness/model/scenario.ts";
import { usual } from "./usual/istio.ts";

export default defineScenario({
  name: "istio-excluded-interface",
  claim: "What comes in or goes out by an interface of -c is left alone.",
  mesh: "istio",
  capture: ["-u", "1337", "-b", "*", "-i", "*", "-c", "net1"],
  answer: {
    ...usual,
    "vm -> pod:8080": "app:8080",
    "vm -> pod:22": "app:22",
    "app -> vm:80": "refused",
    "app -> vm:15001": "refused",
  },
});
