import { extname, join } from "node:path";
import { renderConfigWords } from "../capture/config-words.ts";
import { renderIptablesSave } from "../formats/iptables-save.ts";
import { quoteForShell } from "../formats/words.ts";
import { type BackendName, judgePrediction, type ScenarioReport } from "../model/report.ts";
import type { Ruleset } from "../model/ruleset.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { CommandIo } from "./command.ts";
import { makeOutputFolder, writeOutput } from "./output-file.ts";
import type { VerifyOptions } from "./verify-options.ts";

/**
 * Keeps what is known of a scenario with a wrong landing, a wrong prediction, or rules that leave something out, while its rules are still
 * in, in a folder of its name below `--evidence`: its report, the rules with their counters, tracked connections, sockets, policy routing,
 * what the sandbox's agents were asked and said, and the commands that repeat each flow. `listen`: the scenario's ports of the app.
 */
export async function keepEvidence(
  report: ScenarioReport,
  sandbox: Sandbox,
  options: VerifyOptions,
  listen: readonly number[],
  io: CommandIo,
): Promise<void> {
  const odd = report.flows.filter((flow) => flow.verdict === "wrong" || judgePrediction(flow) === "disagrees");
  if (options.evidence === null || (odd.length === 0 && report.omissions.length === 0)) return;
  const folder = join(options.evidence, report.name);
  makeOutputFolder(folder);
  const { ip, ip6 } = await sandbox.counters();
  const files: Readonly<Record<string, string>> = {
    "report.json": `${JSON.stringify(report, null, 2)}\n`,
    ...(ip ? { "rules.txt": renderIptablesSave(ip) } : {}),
    ...(ip6 ? { "rules6.txt": renderIptablesSave(ip6) } : {}),
    ...Object.fromEntries(Object.entries(await sandbox.gatherEvidence()).map(([name, text]) => [`${name}.txt`, text])),
    "repeat.sh": renderRepeat({ ...report, flows: odd }, [ip, ip6], listen, (await sandbox.describe()).backend),
  };
  for (const [name, text] of Object.entries(files)) writeOutput(join(folder, name), text);
  const repeat = `sh ${quoteForShell(join(folder, "repeat.sh"))}`;
  io.err(
    `landfall: what is known of ${report.name} is in ${folder}${odd.length > 0 ? `; to repeat its flows: ${repeat}` : ""}\n`,
  );
}

/**
 * The rules as the kernel had them, and one command a flow: it says rule by rule where the flow goes, and drives it beside that, on the
 * same backend. The config is the scenario's, every setting of it, whatever the command line said.
 */
function renderRepeat(
  { capture, flows }: ScenarioReport,
  [ip, ip6]: readonly (Ruleset | null)[],
  listen: readonly number[],
  backend: BackendName,
): string {
  const { words, environment } = renderConfigWords(capture);
  const rules = [...(ip ? ["--rules", "rules.txt"] : []), ...(ip6 ? ["--rules6", "rules6.txt"] : [])];
  const ports = listen.length > 0 ? ["--listen", listen.join(",")] : [];
  const look = backend === "simulated" ? [] : ["--observe", "--sandbox", backend];
  const commands = flows.map(({ flow, manner }) =>
    ["landfall", "explain", flow, ...(manner === "forward" ? ["--forward"] : []), ...look, ...rules, ...ports, ...words]
      .map(quoteForShell)
      .join(" "),
  );
  const settings = Object.entries(environment).map(([name, value]) => `export ${name}=${quoteForShell(value)}`);
  return [REPEAT_HEAD, ...settings, defineProgram(), ...new Set(commands), ""].join("\n");
}

const REPEAT_HEAD = `#!/bin/sh
# Repeats the flows below, or one of them: sh repeat.sh 'client -> pod:8080'
only=$1
cd "$(dirname "$0")" || exit`;

/**
 * Gives a shell function `landfall` that is the very program that runs now, as a checkout puts none into the path. It passes over commands
 * for other flows than the one that is asked for.
 */
function defineProgram(): string {
  const main = join(import.meta.dirname, `main${extname(import.meta.filename)}`);
  const program = `${quoteForShell(process.execPath)} ${quoteForShell(main)}`;
  return `landfall() { if [ -z "$only" ] || [ "$2" = "$only" ]; then ${program} "$@"; fi; }`;
}
