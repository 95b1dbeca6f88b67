import { stripVTControlCharacters } from "node:util";
import { renderCount } from "../model/listed-words.ts";
import type { Report } from "../model/report.ts";
import { CELLS, countCells } from "./cells.ts";
import { describeAsked, describeGaps } from "./classes-phrase.ts";
import { describeCoverage } from "./coverage-phrase.ts";
import { type describeRequired, describeRequiredOfAll } from "./required-by-phrase.ts";
import type { Paint, TerminalLook } from "./terminal-look.ts";
import { wrapLine } from "./wrap-line.ts";

/** Gives what the verdict was judged by; nothing where a report does not tell. */
export function renderRequired(
  required: ReturnType<typeof describeRequired>,
  indent: number,
  { columns }: TerminalLook,
  paint: Paint,
): readonly string[] {
  if (required === null) return [];
  const text = `${" ".repeat(indent)}${required.label} ${required.text}`;
  return wrapLine(text, indent + 2, columns, CELLS)
    .split("\n")
    .map((line) => paint("dim", line));
}

/** Who sees a failure for the first time has not met these words. */
const EXPLAINED = "The words of this report: docs/reading-a-failure.md";

/** Gives the sum of a run, where it ran, what it was judged by, and after a failure where its words are explained. */
export function renderSummary(report: Report, look: TerminalLook, paint: Paint): string {
  const { summary, sandbox } = report;
  const parts = [
    summary.pass > 0 ? paint("green", `${summary.pass} as expected`) : "0 as expected",
    ...(summary.wrong > 0 ? [paint("red", `${summary.wrong} not as expected`)] : []),
    ...(summary.omissions > 0 ? [paint("red", `${summary.omissions} omitted by the rules`)] : []),
    ...(summary.couldNotLook > 0 ? [paint("yellow", `${summary.couldNotLook} could not be observed`)] : []),
    ...(summary.mispredicted > 0 ? [paint("magenta", `${summary.mispredicted} predicted wrongly`)] : []),
    ...describeGaps(summary).map((gap) => paint("yellow", gap)),
    ...(summary.asked ? [paint("yellow", describeAsked(summary.asked))] : []),
  ];
  const where = [
    sandbox.backend,
    sandbox.envoy === "real" ? "real Envoy" : null,
    sandbox.iptables && `iptables ${sandbox.iptables}`,
    sandbox.kernel && `Linux ${sandbox.kernel}`,
  ];
  const place = where.filter((part) => part !== null).join(", ");
  const coverage = summary.coverage === null ? "" : `${describeCoverage(summary.coverage)}\n`;
  const sum = `${renderCount(summary.flows, "flow")}: ${parts.join(", ")}, in ${(summary.durationMs / 1000).toFixed(2)} s`;
  const fits = countCells(stripVTControlCharacters(sum)) + countCells(place) + 3 <= look.columns;
  const required = renderRequired(describeRequiredOfAll(report), 0, look, paint);
  const words = summary.wrong > 0 ? [paint("dim", EXPLAINED)] : [];
  return `${coverage}${[`${sum}${fits ? " " : "\n  "}(${place})`, ...required, ...words].join("\n")}\n`;
}
