import { defineScenarioTests } from "./scenario-tests.ts";

await defineScenarioTests("docker", "real");
