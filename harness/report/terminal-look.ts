import { styleText } from "node:util";
import type { FlowVerdict } from "../model/report.ts";
import { CELLS } from "./cells.ts";
import { alignEvidence, EVIDENCE_INDENT, type EvidenceRow } from "./evidence.ts";
import { wrapLine } from "./wrap-line.ts";

/** How a report is to be shown: `{ columns: 80, color: "plain" }`. */
export interface TerminalLook {
  /** Width in columns; where a row does not fit, its last parts are left out or stand on a line of their own. */
  readonly columns: number;
  readonly color: "color" | "plain";
  /**
   * `failures`: neither flows that landed as expected nor those of a cause have a row. `folded`: the same of a scenario that failed and has
   * many flows, which are counted in one line. `none`: as `failures`, and scenarios that passed are left out. `all`, unless given.
   */
  readonly rows?: "all" | "folded" | "failures" | "none" | undefined;
}

/** A colour, or another way to write. */
export type Style = Parameters<typeof styleText>[0];
/** Writes a text in a style, where colour is wanted. */
export type Paint = (style: Style, text: string) => string;

/** The colours of verdicts on a terminal. */
export const STYLES: Readonly<Record<FlowVerdict, Style>> = { pass: "green", wrong: "red", "could-not-look": "yellow" };
/** The blanks before the lines that belong to one flow. */
export const ROW_INDENT = " ".repeat(6);

/** Gives what writes in colour, or leaves texts as they are. */
export function makePaint({ color }: TerminalLook): Paint {
  return (style, text) => (color === "color" ? styleText(style, text, { validateStream: false }) : text);
}

/** Gives rows of a name and a text, the texts beneath each other. */
export function renderEvidence(
  rows: readonly EvidenceRow[],
  { columns }: TerminalLook,
  paint: Paint,
  indent = ROW_INDENT.length,
): readonly string[] {
  const textAt = indent + EVIDENCE_INDENT;
  const margin = " ".repeat(indent);
  return alignEvidence(rows).flatMap((line) => {
    const [first = "", ...rest] = wrapLine(margin + line, textAt, columns, CELLS).split("\n");
    const name = first.slice(indent, textAt).trimEnd();
    return [margin + paint("dim", name) + first.slice(indent + name.length), ...rest];
  });
}
