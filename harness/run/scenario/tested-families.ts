import { FAMILIES, type Family } from "../../model/address.ts";
import { listFamilies } from "../../model/ruleset.ts";
import type { Installation } from "../../sandbox/sandbox.ts";
import type { ParsedScenario } from "./parsed-scenario.ts";

/** Gives the families that an installation puts rules in for, or may: a family whose rules are null is not under test. */
function familiesUnderTest(installation: Installation): readonly Family[] {
  return installation.kind === "script" ? FAMILIES : listFamilies(installation.rules);
}

/** Gives the families that a scenario says something of, IPv4 first: those that it asks about and that its rules are for. */
export function testedFamilies({ installation, families = FAMILIES }: ParsedScenario): readonly Family[] {
  return familiesUnderTest(installation).filter((family) => families.includes(family));
}

/**
 * Gives the scenario with another installation; flows of a family that is no longer under test are left out.
 * Null where no flow is left: such a scenario could never fail.
 */
export function replaceInstallation(scenario: ParsedScenario, installation: Installation): ParsedScenario | null {
  const replaced = { ...scenario, installation };
  const tested = testedFamilies(replaced);
  if (scenario.flows === "boundaries") return tested.length > 0 ? replaced : null;
  const flows = scenario.flows.filter(({ flow }) => tested.includes(flow.family));
  return flows.length > 0 ? { ...replaced, flows } : null;
}
