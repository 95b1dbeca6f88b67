import { isDeepStrictEqual } from "node:util";
import type { Report, ScenarioReport } from "../model/report.ts";
import type { RequiredBy } from "../model/required-by.ts";

/** What stands before the text of each kind. */
const LABELS = {
  settings: "Required by",
  contract: "Required by the contract",
  scenario: "Required by the scenario, with the settings",
} satisfies Record<RequiredBy["kind"], string>;

/**
 * Gives what stands before what says where flows must land, and that: `{ label: "Required by", text: "--mesh istio-1.4 -u 1337" }`; null
 * where a report does not tell.
 */
export function describeRequired({ requiredBy }: Pick<ScenarioReport, "requiredBy">) {
  return requiredBy === undefined ? null : { label: LABELS[requiredBy.kind], text: requiredBy.text };
}

/** Gives the same of a whole report, where all its scenarios are judged by the same; null otherwise. */
export function describeRequiredOfAll({ scenarios }: Pick<Report, "scenarios">) {
  const [first, ...others] = scenarios;
  if (first === undefined) return null;
  const isShared = others.every(({ requiredBy }) => isDeepStrictEqual(requiredBy, first.requiredBy));
  return isShared ? describeRequired(first) : null;
}
