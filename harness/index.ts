export { ERROR_EXIT_CODES, type ErrorCode, LandfallError } from "./errors.ts";
export { defineScenario, type Scenario } from "./model/scenario.ts";
