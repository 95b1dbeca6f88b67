import { LandfallError } from "../errors.ts";
import type { ParsedScenario } from "./parsed-scenario.ts";

/**
 * Gives the scenarios that have a flow in the manner *forward*, in their order: a real Envoy answers nothing itself.
 * Throws `bad-usage` where none has.
 */
export function selectForwarding(scenarios: readonly ParsedScenario[]): readonly ParsedScenario[] {
  const forwarding = scenarios.filter(
    ({ flows }) => flows === "intended" || flows.some(({ manner }) => manner === "forward"),
  );
  if (forwarding.length > 0) return forwarding;
  const names = scenarios.map(({ name }) => name).join(", ");
  throw new LandfallError(
    "bad-usage",
    `A real Envoy forwards, and no flow of ${names} is under "forward". Leave --envoy real away, or name another scenario.`,
  );
}
