import { defineScenarioTests } from "./scenario-tests.ts";

await defineScenarioTests("netns", "real");
