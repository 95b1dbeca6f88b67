import { CAPTURE_FLAGS, type CaptureFlag } from "../capture/flags.ts";
import { USUAL_COLUMNS, wrapLine } from "../report/wrap-line.ts";
import type { Display } from "./command.ts";
import { type CommandHelp, DRY_RUN, groupOptions, type HelpRow, type HelpSection } from "./help.ts";
import type { OptionSpec } from "./options.ts";

const PRECEDENCE =
  "Lists are separated by commas. A flag beats /var/lib/istio/envoy/sidecar.env, that beats cluster.env beside it, that beats the variable of the process, that beats the default. An empty list ('') beats a variable too.";

/** Lines wider than this are hard to read, and narrower ones hold no word and its text side by side. */
const [NARROWEST, WIDEST] = [40, 100];
/** A term that takes more of a line than this stands on one of its own, its text beneath. */
const WIDEST_TERM = 1 / 3;
/** Where the text stands beneath a term. */
const BENEATH = 8;

/**
 * Gives a command's help text, as wide as the display: usage, what it does, options, the generator's flags, examples, exit codes. Where
 * nobody knows the width, 80 columns.
 */
export function renderHelp(help: CommandHelp, display: Pick<Display, "columns">): string {
  const columns = Math.min(Math.max(display.columns ?? USUAL_COLUMNS, NARROWEST), WIDEST);
  const options = groupOptions(help).map(({ title, options }) => ({ title, rows: options.map(describeOption) }));
  const termColumns = widthOfTerms(
    options.flatMap(({ rows }) => rows),
    columns,
  );
  const blocks = [
    renderUsage(help.usage),
    ...help.about.map((text) => wrapLine(text, 0, columns)),
    ...(help.terms ? [renderSection(help.terms, widthOfTerms(help.terms.rows, columns), columns)] : []),
    ...options.map((section) => renderSection(section, termColumns, columns)),
    ...renderCaptureFlags(help.captureFlags, columns),
    ...(help.examples.length > 0 ? [renderExamples(help.examples, columns)] : []),
    renderExitCodes(help.exitCodes, columns),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function renderUsage(lines: readonly string[]): string {
  return lines.map((line, i) => `${i === 0 ? "Usage:" : "      "} ${line}`).join("\n");
}

function describeOption({ name, short, value, help, repeatable }: OptionSpec): HelpRow {
  const term = `${short === undefined ? "" : `-${short}, `}--${name}${value === null ? "" : ` ${value}`}`;
  return [term, repeatable ? `${help}; repeatable` : help];
}

function renderCaptureFlags(shown: CommandHelp["captureFlags"], columns: number): readonly string[] {
  if (shown === "none") return [];
  if (shown === "mentioned") {
    const letters = CAPTURE_FLAGS.flatMap(({ letter }) => (letter === null ? [] : [`-${letter}`]));
    return [
      wrapLine(`Istio's flags: ${letters.join(" ")}. landfall generate --help tells what each means.`, 0, columns),
    ];
  }
  const rows = [...CAPTURE_FLAGS.map(describeFlag), describeOption(DRY_RUN)];
  return [renderSection({ title: "Istio's flags", rows }, 0, columns), wrapLine(PRECEDENCE, 0, columns)];
}

function describeFlag({ letter, name, value, help, default: byDefault, variable }: CaptureFlag): HelpRow {
  const term = `${letter === null ? "" : `-${letter}, `}--${name} ${value}`;
  return [term, `${help} (default ${byDefault}${variable === null ? "" : `, variable ${variable}`})`];
}

function renderExamples(examples: readonly HelpRow[], columns: number): string {
  const lines = examples.map(
    ([line, text]) => `  ${line}\n${wrapLine(`${" ".repeat(BENEATH)}${text}`, BENEATH, columns)}`,
  );
  return `Examples:\n${lines.join("\n")}`;
}

function renderExitCodes(exitCodes: CommandHelp["exitCodes"], columns: number): string {
  const rows = Object.entries(exitCodes);
  return renderSection({ title: "Exit codes", rows }, widthOfTerms(rows, columns), columns);
}

function renderSection({ title, rows }: HelpSection, termColumns: number, columns: number): string {
  return [`${title}:`, ...layOut(rows, termColumns, columns)].join("\n");
}

/** Terms to the left and texts to the right of a gap, or beneath each other where a term is wider than `termColumns`. */
function layOut(rows: readonly HelpRow[], termColumns: number, columns: number): readonly string[] {
  return rows.map(([term, text]) => {
    const isBeneath = term.length > termColumns;
    const indent = termColumns === 0 ? BENEATH : termColumns + 4;
    const start = isBeneath ? " ".repeat(indent) : `  ${term.padEnd(termColumns)}  `;
    return `${isBeneath ? `  ${term}\n` : ""}${wrapLine(start + text, indent, columns)}`;
  });
}

function widthOfTerms(rows: readonly HelpRow[], columns: number): number {
  return Math.max(...rows.map(([term]) => term.length).filter((length) => length <= columns * WIDEST_TERM), 0);
}
