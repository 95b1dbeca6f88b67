import { defineScenarioTests } from "./scenario-tests.ts";

// The rules are the same as in network namespaces, where all of them are driven.
await defineScenarioTests("docker", "stub", 3);
