import type { Change } from "../../analysis/diff.ts";
import { renderJson } from "../../report/json.ts";
import { describeLanding, describeRule } from "../../report/landing-phrase.ts";
import { wrapLine } from "../../report/wrap-line.ts";
import type { ObservedChange } from "../../run/observation/changes.ts";
import { analysedProtocols, nameProtocols, renderWithin, withinData } from "../arguments/restriction.ts";
import type { Display } from "../command.ts";
import { chooseColumns } from "../output/text-columns.ts";
import type { AcceptedChange } from "./acceptance.ts";
import type { DiffInput } from "./input.ts";

/** What a diff has come to. */
export interface DiffResult {
  /** Those that are not accepted. */
  readonly changes: readonly Change[];
  /** Classes of which it cannot be said whether they land elsewhere, since a landing is not known. */
  readonly unknown: readonly Change[];
  /** What the kernel made of each change; empty where it was not asked. */
  readonly observed: readonly ObservedChange[];
  /** How many changes were left out as meant. */
  readonly left: number;
  /** Accepted changes that do not occur. */
  readonly stale: readonly AcceptedChange[];
}

/** Gives a diff as data. */
export function renderDiffData(
  { changes, unknown, observed, stale }: DiffResult,
  { setting }: Pick<DiffInput, "setting">,
): string {
  const describe = (
    { witness, before, after, class: text, rulesBefore, rulesAfter }: Change,
    seen?: ObservedChange,
  ) => ({
    witness: witness.flow,
    before,
    after,
    class: text,
    rulesBefore,
    rulesAfter,
    ...(seen ? { observed: seen } : {}),
  });
  const equivalent = changes.length > 0 ? false : unknown.length > 0 ? null : true;
  const head = { ...withinData(setting.within), protocols: analysedProtocols(setting.within), equivalent };
  const open = unknown.length > 0 ? { unknown: unknown.map((change) => describe(change)) } : {};
  const data = changes.map((change, i) => describe(change, observed[i]));
  return renderJson({ ...head, changes: data, ...open, ...(stale.length > 0 ? { stale } : {}) });
}

/** Tells a diff to a person, as wide as the display; rules stay whole. */
export function renderDiffText(
  { changes, unknown, observed, left, stale }: DiffResult,
  { routing, setting }: Pick<DiffInput, "routing" | "setting">,
  display: Pick<Display, "columns">,
): string {
  const columns = chooseColumns(display);
  const by = nameProtocols(analysedProtocols(setting.within));
  const count =
    changes.length === 1 ? `One class of ${by} flows lands` : `${changes.length} classes of ${by} flows land`;
  const none = left === 0 ? `No ${by} flow lands differently.\n` : `No other ${by} flow lands differently.\n`;
  const sum = changes.length > 0 ? `${count} differently.\n` : unknown.length > 0 ? "" : none;
  const aside = left === 0 ? "" : `${left} accepted change${left === 1 ? "" : "s"} left out.\n`;
  const note =
    routing === "as-installed" ? "This assumes that the policy routing which TPROXY's marks need is installed.\n" : "";
  return [
    renderWithin(setting.within),
    ...changes.map((change, i) => renderChange(change, observed[i], columns)),
    ...unknown.map((change) => renderChange(change, undefined, columns)),
    sum,
    unknown.length === 0 ? "" : `${wrapLine(countUnknown(unknown.length), 0, columns)}\n`,
    aside,
    ...stale.map((each) => renderStale(each, columns)),
    note,
  ].join("");
}

function countUnknown(count: number): string {
  const what = count === 1 ? "one class of TCP flows" : `${count} classes of TCP flows`;
  return `It is unknown whether ${what} ${count === 1 ? "lands" : "land"} differently: ${count === 1 ? "its" : "their"} flows cannot be analysed.`;
}

function renderStale({ class: text, before, after }: AcceptedChange, columns: number): string {
  return `${wrapLine(`Accepted, and does not occur (--write-accept writes the list anew): ${text}: ${before}, then ${after}`, 2, columns)}\n`;
}

function renderChange(
  { witness, before, after, class: text, rulesBefore, rulesAfter }: Change,
  seen: ObservedChange | undefined,
  columns: number,
): string {
  const rules = (places: Change["rulesBefore"]) =>
    places.map((place) => `           ${describeRule(place)}\n`).join("");
  const tell = (name: string, what: string) => `${wrapLine(`  ${name.padEnd(9)}${what}`, 11, columns)}\n`;
  return [
    `${wrapLine(text, 2, columns)}\n`,
    tell("flow", witness.flow.flow),
    `${tell("before", describeLanding(before))}${rules(rulesBefore)}`,
    `${tell("after", describeLanding(after))}${rules(rulesAfter)}`,
    seen ? tell("kernel", `${seen.verdict}: ${describeLanding(seen.before)}, then ${describeLanding(seen.after)}`) : "",
    "\n",
  ].join("");
}
