import { defineScenarioTests } from "./scenario-tests.ts";

// The rules are the same as with the stub, by which all of them are driven.
await defineScenarioTests("netns", "real", 3);
