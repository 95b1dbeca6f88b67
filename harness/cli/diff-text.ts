import type { Change } from "../analysis/diff.ts";
import { describeLanding, describeRule } from "../report/landing-phrase.ts";
import type { DiffInput } from "./diff-input.ts";
import type { ObservedChange } from "./diff-observation.ts";
import { renderWithin, withinData } from "./restriction.ts";

/** Gives the changes as data; where they were observed, each with what the kernel did. */
export function renderDiffData(
  changes: readonly Change[],
  observed: readonly ObservedChange[],
  { setting }: Pick<DiffInput, "setting">,
): string {
  const data = changes.map(({ witness, ...change }, i) => {
    const seen = observed[i];
    return { witness: witness.flow, ...change, ...(seen ? { observed: seen } : {}) };
  });
  const head = { formatVersion: "1.0", ...withinData(setting.within), equivalent: changes.length === 0 };
  return `${JSON.stringify({ ...head, changes: data }, null, 2)}\n`;
}

/** Tells the changes to a person; `accepted` is how many were left out as meant. */
export function renderDiffText(
  changes: readonly Change[],
  observed: readonly ObservedChange[],
  accepted: number,
  { routing, setting }: Pick<DiffInput, "routing" | "setting">,
): string {
  const count = changes.length === 1 ? "One class of flows lands" : `${changes.length} classes of flows land`;
  const head = changes.length === 0 ? "No flow lands elsewhere.\n" : `${count} elsewhere.\n`;
  const aside = accepted === 0 ? "" : `${accepted} accepted change${accepted === 1 ? "" : "s"} left out.\n`;
  const note = routing === "as-installed" ? "The policy routing that TPROXY's marks need is taken as installed.\n" : "";
  const told = changes.map((change, i) => renderChange(change, observed[i])).join("");
  return renderWithin(setting.within) + told + head + aside + note;
}

function renderChange(
  { witness, before, after, class: text, rulesBefore, rulesAfter }: Change,
  seen: ObservedChange | undefined,
): string {
  const rules = (places: Change["rulesBefore"]) =>
    places.map((place) => `           ${describeRule(place)}\n`).join("");
  const kernel = seen
    ? `  kernel   ${seen.verdict}: ${describeLanding(seen.before)}, then ${describeLanding(seen.after)}\n`
    : "";
  return [
    `${text}\n`,
    `  flow     ${witness.flow.flow}\n`,
    `  before   ${describeLanding(before)}\n${rules(rulesBefore)}`,
    `  after    ${describeLanding(after)}\n${rules(rulesAfter)}${kernel}\n`,
  ].join("");
}
