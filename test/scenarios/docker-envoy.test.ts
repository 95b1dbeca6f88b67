import { defineScenarioTests } from "./scenario-tests.ts";

// The pod is the same as in network namespaces, where all of them are driven.
await defineScenarioTests("docker", "real", 8);
