import { LandfallError } from "../errors.ts";
import { finding } from "../model/finding.ts";
import type { CommandIo } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { findNearNames } from "./near-names.ts";

const USAGE = `Usage: landfall COMMAND [OPTION…]

Says where every flow lands under the iptables rules that steer a pod's traffic into its Envoy sidecar.

Commands:
${Object.entries(COMMANDS)
  .map(([name, command]) => `  ${name.padEnd(12)} ${command.summary}`)
  .join("\n")}

landfall COMMAND --help tells more. Every command takes --json; data goes to stdout, everything else to stderr.
Exit codes: 0 as expected · 1 landed elsewhere · 2 bad input · 3 the environment cannot run it · 70 internal error
`;

/** Runs one command line and gives its exit code; never throws. */
export async function runCommandLine(words: readonly string[], io: CommandIo): Promise<number> {
  const [name, ...args] = words;
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      (name === undefined ? io.err : io.out)(USAGE);
      return name === undefined ? 2 : 0;
    }
    const entry = COMMANDS[name];
    if (!entry) {
      const findings = [finding(name, describeUnknownCommand(name))];
      throw new LandfallError("bad-usage", "There is no such command.", { findings });
    }
    const command = await entry.load();
    if (args.includes("--help")) {
      io.out(command.help);
      return 0;
    }
    return await command.run(args, io);
  } catch (error) {
    return tellError(error, words.includes("--json"), io);
  }
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
    const body = { code: known.code, message: known.message, findings: known.findings };
    io.out(JSON.stringify({ formatVersion: "1.0", error: body }, null, 2) + "\n");
  }
  const places = known.findings.map(
    (f) => `  ${[f.where, f.line, f.column].filter((part) => part !== null).join(":")}: ${f.message}\n`,
  );
  io.err(`landfall: ${known.message}\n${places.join("")}`);
  return known.exitCode;
}

function describeInternal(error: unknown): string {
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `an internal error; please report it with this text.\n${detail}`;
}
