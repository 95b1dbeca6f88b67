import type { Report } from "../model/report.ts";
import { countUnnamed, type ToldCause, tellCauses } from "./causes-phrase.ts";
import { CELLS, countCells } from "./cells.ts";
import { MARKS } from "./marks.ts";
import { type Paint, ROW_INDENT, renderEvidence, STYLES, type TerminalLook } from "./terminal-look.ts";
import { wrapLine } from "./wrap-line.ts";

/** Gives one cause: how many flows, the rule, two flows in full, and the names of others. */
export function renderCause(cause: ToldCause, look: TerminalLook, paint: Paint): readonly string[] {
  const { columns } = look;
  const indented = (text: string, indent: number) =>
    wrapLine(" ".repeat(indent) + text, indent + 2, columns, CELLS).split("\n");
  const [first = "", ...rest] = indented(`${MARKS.wrong} ${cause.heading}`, 2);
  return [
    "",
    ...[first, ...rest].map((line) => paint(STYLES.wrong, line)),
    ...renderEvidence(cause.rows, look, paint),
    ...cause.shown.flatMap(({ flow, rows }) => [
      `${ROW_INDENT}${flow.flow}${flow.manner === "forward" ? ", where the proxy forwards" : ""}`,
      ...renderEvidence(rows, look, paint, ROW_INDENT.length + 2),
    ]),
    ...listOthers(cause, columns),
  ];
}

/** Of several scenarios a reader sees the end first: what failed is named there once more. */
export function renderFailed(
  { scenarios, sandbox }: Report,
  { columns }: TerminalLook,
  paint: Paint,
): readonly string[] {
  if (scenarios.length < 2) return [];
  const lines = scenarios.flatMap((scenario) =>
    tellCauses(scenario, sandbox.backend).flatMap(({ heading, rows: [rule] }) =>
      wrapLine(`  ${scenario.name}: ${heading}; ${rule?.join(" ")}`, 4, columns, CELLS).split("\n"),
    ),
  );
  return lines.length === 0 ? [] : [[paint("bold", "Failed:"), ...lines, ""].join("\n")];
}

/** Names stay whole; they have commas of their own, between ports and ids. */
function listOthers({ others, unnamed }: ToldCause, columns: number): readonly string[] {
  if (others.length === 0) return [];
  const names = [...others, ...countUnnamed(unnamed)];
  const lines: string[] = [];
  for (const [i, name] of names.entries()) {
    const text = i < names.length - 1 ? `${name}; ` : name;
    const last = lines.at(-1);
    if (last !== undefined && countCells(last + text) <= columns) lines[lines.length - 1] = last + text;
    else lines.push(`${lines.length === 0 ? `${ROW_INDENT}and ` : `${ROW_INDENT}    `}${text}`);
  }
  return lines.map((line) => line.trimEnd());
}
