import type { MeshOption } from "../../meshes/mesh.ts";
import type { NamedMesh } from "../../meshes/meshes.ts";
import { USUAL_COLUMNS, wrapLine } from "../../report/wrap-line.ts";
import type { OptionSpec } from "../arguments/options.ts";
import type { Display } from "../command.ts";
import { type CommandHelp, groupOptions, type HelpRow, type HelpSection } from "../commands/help.ts";

/** Lines wider than this are hard to read, and narrower ones hold no word and its text side by side. */
const [NARROWEST, WIDEST] = [40, 100];
/** A term that takes more of a line than this stands on one of its own, its text beneath. */
const WIDEST_TERM = 1 / 3;
/** Where the text stands beneath a term. */
const BENEATH = 8;

/**
 * Gives a command's help text, as wide as the display: usage, what it does, options, those of `mesh`, examples, exit codes. Where
 * nobody knows the width, 80 columns.
 */
export function renderHelp(
  help: CommandHelp,
  display: Pick<Display, "columns">,
  mesh: NamedMesh | null = null,
): string {
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
    ...(help.appendix ? [renderSection(help.appendix, 0, columns)] : []),
    ...(mesh === null ? [] : renderMeshOptions(mesh, help.captureFlags, columns)),
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

function renderMeshOptions(mesh: NamedMesh, shown: CommandHelp["captureFlags"], columns: number): readonly string[] {
  const { name, options, precedence } = mesh;
  if (shown === "none") return [];
  if (shown === "mentioned") {
    const names = options.flatMap(({ flag, letter }) =>
      letter === null ? (flag === null ? [] : [`--${flag}`]) : [`-${letter}`],
    );
    const fields = options.filter(({ flag, effect }) => flag === null && effect === "rules");
    const further = fields.map(nameWithoutFlag).join(" ");
    const others = further === "" ? "" : ` Variables, annotations and fields: ${further}.`;
    const where = `landfall meshes ${name} describes them; --mesh selects another mesh.`;
    return [wrapLine(`Options of ${name}: ${names.join(" ")}.${others} ${where}`, 0, columns)];
  }
  const flags = options.filter(({ flag }) => flag !== null).map(describeFlag);
  const others = options.filter(({ flag }) => flag === null).map(describeFlag);
  return [
    renderSection({ title: `Options of ${name} (--mesh selects another mesh)`, rows: flags }, 0, columns),
    ...(others.length === 0
      ? []
      : [renderSection({ title: "Variables, annotations and fields", rows: others }, 0, columns)]),
    ...(precedence === undefined ? [] : [wrapLine(precedence, 0, columns)]),
  ];
}

/** Gives the name by which a mesh takes a setting that has no flag: its variable, else its field. */
export function nameWithoutFlag({ setting, variable }: Pick<MeshOption, "setting" | "variable">): string {
  return variable ?? setting;
}

function describeFlag({
  setting,
  letter,
  flag,
  value,
  help,
  default: usual,
  variable,
  annotation,
}: MeshOption): HelpRow {
  const name = flag === null ? nameWithoutFlag({ setting, variable }) : `--${flag}`;
  const term = `${letter === null ? "" : `-${letter}, `}${name}${value === null ? "" : ` ${value}`}`;
  const also = [
    ...(usual === "" ? [] : [`default ${usual}`]),
    ...(variable === null || flag === null ? [] : [`variable ${variable}`]),
    ...(annotation === null ? [] : [`annotation ${annotation}`]),
  ];
  return [term, also.length === 0 ? help : `${help} (${also.join(", ")})`];
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
