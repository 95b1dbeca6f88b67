import { type MappedClass, mapFlows } from "../analysis/map.ts";
import { renderUsage } from "../capture/usage.ts";
import { ANALYSIS_HELP, type AnalysisInput, readAnalysisInput } from "./analysis-input.ts";
import type { Command, CommandIo } from "./command.ts";

const HELP = `${renderUsage("landfall map")}
Tells where every flow lands: each class of flows that land alike, with one flow that stands for it. Nothing is driven.

${ANALYSIS_HELP}`;

/** `landfall map`: the complete table of all flows and their landings. */
export const map: Command = {
  name: "map",
  summary: "tells where every flow lands: the complete table",
  help: HELP,
  async run(args, io) {
    const input = readAnalysisInput(args, [], io);
    if (input.line.capture.purpose === "usage") {
      io.out(HELP);
      return 0;
    }
    const classes = ([4, 6] as const).flatMap((family) => mapFamily(input, family));
    io.out(input.line.options.values.has("json") ? renderData(classes) : renderMap(classes, io));
    return 0;
  },
};

function mapFamily({ rules, setting }: AnalysisInput, family: 4 | 6): readonly MappedClass[] {
  return (family === 4 ? rules.ip : rules.ip6) === null ? [] : mapFlows(rules, family, setting);
}

function renderData(classes: readonly MappedClass[]): string {
  return `${JSON.stringify({ formatVersion: "1.0", classes: listClasses(classes) }, null, 2)}\n`;
}

/** Gives a map as data. */
export function listClasses(classes: readonly MappedClass[]) {
  return classes.map(({ class: text, witness, landing }) => ({ class: text, witness: witness.flow, landing }));
}

/** Gives a map as a table: one line a class; what does not fit the terminal is cut where there is one, and whole in a pipe. */
export function renderMap(classes: readonly MappedClass[], { display }: CommandIo): string {
  const columns = classes.map(({ kind, witness, class: text }) => [kind, witness.flow.flow, text] as const);
  const width = (column: 0 | 1) => Math.max(...columns.map((row) => row[column].length), 0);
  const lines = columns.map(([kind, flow, text]) => `${kind.padEnd(width(0))}  ${flow.padEnd(width(1))}  ${text}`);
  const shown = display.isTerminal ? lines.map((line) => shorten(line, display.columns)) : lines;
  return `${shown.join("\n")}\n${classes.length} classes; every flow that can meet the rules is in one of them.\n`;
}

function shorten(line: string, columns: number): string {
  return line.length <= columns ? line : `${line.slice(0, columns - 1)}…`;
}
