import { LandfallError } from "../errors.ts";
import type { NamedMesh } from "../meshes/meshes.ts";
import { capFindings, codedFinding } from "../model/finding.ts";
import { findNearNames } from "../model/near-names.ts";
import { renderJson } from "../report/json.ts";
import { REMOVED_DIRECTORY, readWorkingDirectory } from "../sandbox/working-directory.ts";
import type { Command, CommandIo } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { renderError } from "./output/error-text.ts";
import { readVersion } from "./version.ts";

/** The most findings that data hold. */
const DATA_AT_MOST = 1_000;

/** Runs one command line and gives its exit code; never throws. */
export async function runCommandLine(words: readonly string[], io: CommandIo): Promise<number> {
  try {
    return await run(words, io);
  } catch (error) {
    return tellError(error, words.includes("--json"), io);
  }
}

async function run(words: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...args] = words[0] === "help" ? [...words.slice(1), "--help"] : words;
  if (name === undefined || name === "--help" || name === "-h") {
    (name === undefined ? io.err : io.out)(await renderProgramHelp(io));
    return name === undefined ? 2 : 0;
  }
  if (name === "--version") {
    io.out(renderVersion(args.includes("--json") ? "json" : "text"));
    return 0;
  }
  const command = await loadCommand(name);
  // Where the generator's flags are taken, -h may be another flag's value: there only its parser knows.
  const asksForHelp = args.includes("--help") || (args.includes("-h") && command.help.captureFlags === "none");
  const ending = asksForHelp ? { helpOn: await findNamedMesh(args) } : await command.run(args, io);
  if (typeof ending === "number") return ending;
  const { renderHelp } = await import("./output/help-text.ts");
  io.out(renderHelp(command.help, io.display, ending.helpOn));
  return 0;
}

/** Gives the mesh that `--mesh` names, of words that nobody reads else, since they ask for help. */
async function findNamedMesh(args: readonly string[]): Promise<NamedMesh> {
  const { takeMesh } = await import("./arguments/mesh-words.ts");
  return takeMesh(args, []).mesh;
}

async function loadCommand(name: string): Promise<Command> {
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry) return entry.load();
  const findings = [codedFinding("unknown-name", name, describeUnknownCommand(name))];
  throw new LandfallError("bad-usage", "There is no such command.", { findings });
}

/** Gives the text of `landfall --version`: `landfall 0.1.0`, or the same as data. */
function renderVersion(output: "text" | "json"): string {
  const version = readVersion();
  return output === "json" ? renderJson({ version }) : `landfall ${version}\n`;
}

/** Help is loaded only when it is asked for: apply must start fast. */
async function renderProgramHelp({ display }: CommandIo): Promise<string> {
  const [{ renderHelp }, { PROGRAM_HELP }] = await Promise.all([
    import("./output/help-text.ts"),
    import("./output/program-help.ts"),
  ]);
  return renderHelp(PROGRAM_HELP, display);
}

function describeUnknownCommand(name: string): string {
  const names = Object.keys(COMMANDS);
  const near = findNearNames(name, names);
  return near.length > 0 ? `Did you mean ${near.join(" or ")}?` : `The commands are: ${names.join(", ")}.`;
}

/** Tells an error in words, and with `--json` as data too; gives the exit code. */
function tellError(error: unknown, asJson: boolean, io: CommandIo): number {
  const known =
    error instanceof LandfallError ? error : new LandfallError("internal", describeInternal(error), { cause: error });
  if (asJson) {
    const error = { code: known.code, message: known.message, findings: capFindings(known.findings, DATA_AT_MOST) };
    io.out(renderJson({ error }));
  }
  const text = renderError(known);
  io.err(text);
  if (!text.includes(REMOVED_DIRECTORY) && readWorkingDirectory().state === "removed")
    io.err(`landfall: notice: ${REMOVED_DIRECTORY}\n`);
  return known.exitCode;
}

function describeInternal(error: unknown): string {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `an internal error; please report it with this text.\n${detail}`;
}
