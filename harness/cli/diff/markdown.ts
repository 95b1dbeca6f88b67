import type { Change } from "../../analysis/diff.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import type { RulePlace } from "../../model/rule-place.ts";
import { escapeInvisible } from "../../model/visible-text.ts";
import { describeLanding, describeRule } from "../../report/landing-phrase.ts";
import { codeCell, codeSpan, escapeMarkdown } from "../../report/markdown-text.ts";
import { analysedProtocols, nameProtocols } from "../arguments/restriction.ts";
import { CHANGED_WAYS_HEAD, glanceAtChanges } from "./changed-ways.ts";
import { listRuleEdits } from "./edits.ts";
import type { DiffInput } from "./input.ts";
import type { DiffResult } from "./text.ts";

/** Rules, ways and classes that are shown; GitHub takes 65,536 characters in a comment. */
const EDITS_SHOWN = 20;
const WAYS_SHOWN = 30;
const CLASSES_SHOWN = 20;

type ComparedInput = Pick<DiffInput, "setting" | "before" | "after" | "routing" | "leftOut">;

/**
 * Gives a diff as GitHub-flavoured Markdown, for a pull request or a step summary: the verdict in one line, the rules that differ, one row
 * for each way that changes, and, folded, an example flow of each class with the rules that decide it.
 */
export function renderDiffMarkdown(result: DiffResult, input: ComparedInput): string {
  const { changes, unknown, observed, accepted, stale } = result;
  const { setting, before, after, routing } = input;
  const isSame = changes.length + unknown.length + accepted.length === 0;
  return [
    `### ${chooseMark(result, input)} landfall: ${escapeMarkdown(describeResult(result, input))}`,
    "",
    ...(setting.within === undefined ? [] : [`Only for the flows ${codeSpan(setting.within.text)}.`, ""]),
    ...(isSame ? [] : renderEdits(before, after)),
    ...(changes.length === 0 ? [] : renderWays(changes)),
    ...renderClasses("An example flow of each class, and the rules that decide", changes, observed),
    ...renderClasses("Flows whose landing is unknown", unknown, []),
    ...(accepted.length === 0 ? [] : [`**Accepted:** ${count(accepted)} of flows.`, "", ...renderWays(accepted)]),
    ...stale.flatMap((each) => [
      escapeMarkdown(`Accepted, but does not occur: ${each.class}: ${each.before}, then ${each.after}.`),
      "",
    ]),
    ...(routing === "as-installed"
      ? ["This assumes that the policy routing which TPROXY's marks need is installed.", ""]
      : []),
  ].join("\n");
}

function chooseMark({ changes, unknown, accepted, stale }: DiffResult, { leftOut }: ComparedInput): string {
  if (changes.length + stale.length > 0) return "❌";
  if (unknown.length + leftOut.length > 0) return "❓";
  return accepted.length > 0 ? "☑️" : "✅";
}

function describeResult({ changes, unknown, accepted, stale }: DiffResult, { setting, leftOut }: ComparedInput) {
  const by = nameProtocols(analysedProtocols(setting.within, setting.protocols));
  const differ = `${count(changes)} of ${by} flows ${changes.length === 1 ? "lands" : "land"} differently`;
  const facts = [
    changes.length > 0 ? differ : accepted.length > 0 ? `no other ${by} flow lands differently` : "",
    unknown.length > 0 ? `where ${count(unknown)} of flows land is unknown` : "",
    ...leftOut.map((family) => `IPv${family} was not compared`),
    stale.length === 1 ? "one accepted change does not occur" : "",
    stale.length > 1 ? `${stale.length} accepted changes do not occur` : "",
  ].filter((fact) => fact !== "");
  return facts.length === 0 ? `no ${by} flow lands differently` : facts.join(", ");
}

function count(classes: readonly Change[]): string {
  return classes.length === 1 ? "one class" : `${classes.length} classes`;
}

function renderEdits(before: DiffInput["before"], after: DiffInput["after"]): readonly string[] {
  const edits = listRuleEdits(before, after);
  const tell = (mark: string, place: RulePlace | null) => (place === null ? [] : [`${mark} ${describeRule(place)}`]);
  const lines = edits
    .slice(0, EDITS_SHOWN)
    .flatMap((edit) => [...tell("-", edit.before), ...tell("+", edit.after)])
    .map((line) => escapeInvisible(line.replaceAll(/\s*\n\s*/g, " ")));
  const rest = edits.length > EDITS_SHOWN ? [`and ${edits.length - EDITS_SHOWN} more rules.`, ""] : [];
  return lines.length === 0 ? [] : [...fence("diff", lines), "", ...rest];
}

/** Backticks within take a longer fence. */
function fence(language: string, lines: readonly string[]): readonly string[] {
  const longest = Math.max(2, ...lines.flatMap((line) => [...line.matchAll(/`+/g)].map(([run]) => run.length)));
  const ticks = "`".repeat(longest + 1);
  return [`${ticks}${language}`, ...lines, ticks];
}

function renderWays(changes: readonly Change[]): readonly string[] {
  const { lines, omitted } = glanceAtChanges(changes);
  const rest = [
    ...(lines.length > WAYS_SHOWN ? [`and ${lines.length - WAYS_SHOWN} more ways`] : []),
    ...(omitted > 0 ? [`${omitted} ${omitted === 1 ? "class" : "classes"} of sockets bound to an address`] : []),
  ];
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const { way, who, third, fourth } = CHANGED_WAYS_HEAD;
  return [
    row([way, who, third, fourth]),
    "|---|---|---|---|",
    ...lines.slice(0, WAYS_SHOWN).map((line) => {
      const ends = [line.third, line.fourth].map((text) => codeCell(escapeInvisible(text)));
      return row([...[line.way, line.who].map((text) => escapeMarkdown(escapeInvisible(text))), ...ends]);
    }),
    "",
    ...(rest.length === 0 ? [] : [`Not shown: ${rest.join(", ")}.`, ""]),
  ];
}

function renderClasses(title: string, changes: readonly Change[], observed: DiffResult["observed"]): readonly string[] {
  if (changes.length === 0) return [];
  const rules = (places: readonly RulePlace[]) => places.map((place) => `          ${describeRule(place)}`);
  const lines = changes
    .slice(0, CLASSES_SHOWN)
    .flatMap((change, i) => [
      ...(i === 0 ? [] : [""]),
      change.class,
      `  flow    ${renderFlowText(change.witness.flow.spec)}`,
      `  before  ${describeLanding(change.before)}`,
      ...rules(change.rulesBefore),
      `  after   ${describeLanding(change.after)}`,
      ...rules(change.rulesAfter),
      ...(observed[i] ? [`  kernel  ${observed[i].verdict}`] : []),
    ]);
  const more = changes.length - CLASSES_SHOWN;
  const told = [...lines, ...(more > 0 ? ["", `and ${more} more`] : [])];
  const shown = told.map((line) => escapeInvisible(line.replaceAll("\n", " ")));
  return [`<details><summary>${title}</summary>`, "", ...fence("text", shown), "", "</details>", ""];
}
