import type { Change } from "../../analysis/diff.ts";
import { flowData, renderFlowText } from "../../model/flow-spec.ts";
import { renderCount } from "../../model/listed-words.ts";
import { findPeerMark } from "../../model/pod-shape.ts";
import { placeInFile, type RulePlace } from "../../model/rule-place.ts";
import { renderJson } from "../../report/json.ts";
import { describeLanding, describeRule } from "../../report/landing-phrase.ts";
import { wrapLine } from "../../report/wrap-line.ts";
import type { ObservedChange } from "../../run/observation/changes.ts";
import { analysedProtocols, nameProtocols, renderWithin, withinData } from "../arguments/restriction.ts";
import type { Display } from "../command.ts";
import { chooseColumns } from "../output/text-columns.ts";
import { renderWays } from "../output/way-table.ts";
import type { AcceptedChange } from "./acceptance.ts";
import { CHANGED_WAYS_HEAD, glanceAtChanges } from "./changed-ways.ts";
import { listRuleEdits, type RuleEdit } from "./edits.ts";
import type { DiffInput } from "./input.ts";

/** What a diff has come to. */
export interface DiffResult {
  /** Those that are not accepted. */
  readonly changes: readonly Change[];
  /** Classes of which it cannot be said whether they land elsewhere, since a landing is not known. */
  readonly unknown: readonly Change[];
  /** What the kernel made of each change; empty where it was not asked. */
  readonly observed: readonly ObservedChange[];
  /** Those that were left out as meant. */
  readonly accepted: readonly Change[];
  /** Accepted changes that do not occur. */
  readonly stale: readonly AcceptedChange[];
}

/** Gives a diff as data. */
export function renderDiffData(
  { changes, unknown, observed, accepted, stale }: DiffResult,
  { setting, before: was, after: is }: Pick<DiffInput, "setting" | "before" | "after">,
): string {
  const describe = (
    { witness, before, after, class: text, rulesBefore, rulesAfter }: Change,
    seen?: ObservedChange,
  ) => ({
    witness: flowData(witness.flow),
    before,
    after,
    class: text,
    rulesBefore: rulesBefore.map((place) => placeInFile(place, was)),
    rulesAfter: rulesAfter.map((place) => placeInFile(place, is)),
    ...(seen ? { observed: seen } : {}),
  });
  const equivalent = changes.length > 0 ? false : unknown.length > 0 ? null : true;
  const head = {
    ...withinData(setting.within),
    protocols: analysedProtocols(setting.within, setting.protocols),
    equivalent,
  };
  const open = unknown.length > 0 ? { unknown: unknown.map((change) => describe(change)) } : {};
  const data = changes.map((change, i) => describe(change, observed[i]));
  const meant = accepted.length > 0 ? { accepted: accepted.map((change) => describe(change)) } : {};
  return renderJson({ ...head, changes: data, ...open, ...meant, ...(stale.length > 0 ? { stale } : {}) });
}

/** Tells a diff to a person, as wide as the display; rules stay whole. */
export function renderDiffText(
  result: DiffResult,
  { routing, setting, before, after }: Pick<DiffInput, "routing" | "setting" | "before" | "after">,
  { display, show }: { readonly display: Pick<Display, "columns">; readonly show: "one-line-each" | "all" },
): string {
  const { changes, unknown, stale } = result;
  const left = result.accepted.length;
  const columns = chooseColumns(display);
  const by = nameProtocols(analysedProtocols(setting.within, setting.protocols));
  const count =
    changes.length === 1 ? `One class of ${by} flows lands` : `${changes.length} classes of ${by} flows land`;
  const none = left === 0 ? `No ${by} flow lands differently.\n` : `No other ${by} flow lands differently.\n`;
  const sum = changes.length > 0 ? `${count} differently.\n` : unknown.length > 0 ? "" : none;
  const aside = left === 0 ? "" : `${renderCount(left, "accepted change")} left out.\n`;
  const note =
    routing === "as-installed" ? "This assumes that the policy routing which TPROXY's marks need is installed.\n" : "";
  const edits = listRuleEdits(before, after);
  const isEqual = changes.length + unknown.length === 0;
  return [
    renderWithin(setting.within),
    isEqual ? "" : renderEdits(edits, columns, show),
    ...renderChanges(result, columns, show),
    sum,
    unknown.length === 0 ? "" : `${wrapLine(countUnknown(unknown.length), 0, columns)}\n`,
    aside,
    ...stale.map((each) => renderStale(each, columns)),
    note,
    isEqual && edits.length > 0 && findPeerMark(setting.spec.shape) === null
      ? `${wrapLine(LEFT_OUT, 0, columns)}\n`
      : "",
  ].join("");
}

/** The kernel's word on a change is told with all that is known of it. */
function renderChanges({ changes, unknown, observed }: DiffResult, columns: number, show: "one-line-each" | "all") {
  const inFull = [
    ...changes.map((change, i) => renderChange(change, observed[i], columns)),
    ...unknown.map((change) => renderChange(change, undefined, columns)),
  ];
  if (show === "all" || observed.length > 0 || changes.length === 0) return inFull;
  return [renderBriefly(changes, columns), ...unknown.map((change) => renderChange(change, undefined, columns))];
}

/** One line for each class; those of sockets bound to an address are left out where others show the same. */
function renderBriefly(changes: readonly Change[], columns: number): string {
  const { lines, example, omitted } = glanceAtChanges(changes);
  const rest =
    omitted === 0
      ? ""
      : `Not shown: ${omitted} ${omitted === 1 ? "class" : "classes"} of sockets bound to an address. `;
  const notes = [
    `Example: ${example}`,
    `${rest}--all gives an example and the rules of each class (flows that both rule sets treat alike).`,
  ];
  const told = notes.map((note) => `${wrapLine(note, 0, columns)}\n`).join("");
  return `${renderWays(CHANGED_WAYS_HEAD, lines, { columns, between: ", then " })}\n\n${told}`;
}

/** Edits of rules that are shown one by one. */
const EDITS_SHOWN = 8;

/** What an answer of "no flow" says nothing of (docs/limits.md). */
const LEFT_OUT = "Sockets of the pod that have another host's address are not compared.";

function renderEdits(edits: readonly RuleEdit[], columns: number, show: "one-line-each" | "all"): string {
  if (edits.length === 0) return "";
  const counts = [
    [edits.filter(({ before, after }) => before && after).length, "changed"],
    [edits.filter(({ before }) => before === null).length, "added"],
    [edits.filter(({ after }) => after === null).length, "removed"],
  ] as const;
  const head = `Rules: ${counts.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : [])).join(", ")}`;
  const shown = show === "all" ? edits : edits.slice(0, EDITS_SHOWN);
  const tell = (mark: string, place: RulePlace | null) =>
    place === null ? [] : [wrapLine(`  ${mark} ${describeRule(place)}`, 6, columns)];
  const lines = shown.flatMap(({ before, after }) => [...tell("-", before), ...tell("+", after)]);
  const rest = edits.length > shown.length ? [`  and ${edits.length - shown.length} more; --all lists them.`] : [];
  return `${[head, ...lines, ...rest].join("\n")}\n\n`;
}

function countUnknown(count: number): string {
  const what = count === 1 ? "one class of TCP flows" : `${count} classes of TCP flows`;
  return `It is unknown whether ${what} ${count === 1 ? "lands" : "land"} differently: ${count === 1 ? "its" : "their"} flows cannot be analysed.`;
}

function renderStale({ class: text, before, after }: AcceptedChange, columns: number): string {
  return `${wrapLine(`Accepted, but does not occur (--write-accept writes the list again): ${text}: ${before}, then ${after}`, 2, columns)}\n`;
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
    tell("flow", renderFlowText(witness.flow.spec)),
    `${tell("before", describeLanding(before))}${rules(rulesBefore)}`,
    `${tell("after", describeLanding(after))}${rules(rulesAfter)}`,
    seen ? tell("kernel", `${seen.verdict}: ${describeLanding(seen.before)}, then ${describeLanding(seen.after)}`) : "",
    "\n",
  ].join("");
}
