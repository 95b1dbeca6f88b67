import { join } from "node:path";
import { renderIptablesSave } from "../formats/iptables-save.ts";
import { quoteForShell } from "../formats/words.ts";
import { judgePrediction, type ScenarioReport } from "../model/report.ts";
import type { ParsedScenario } from "../run/parsed-scenario.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { CommandIo } from "./command.ts";
import { makeOutputFolder, writeOutput } from "./output-file.ts";
import type { VerifyOptions } from "./verify-options.ts";
import { renderRepetition } from "./verify-repetition.ts";

/**
 * Keeps what is known of a scenario with a wrong landing, a wrong prediction, or rules that leave something out, while its rules are still
 * in, in a folder of its name below `--evidence`: its report, the rules with their counters, tracked connections, sockets, policy routing,
 * what the sandbox's agents were asked and said, and a script that repeats it all.
 */
export async function keepEvidence(
  report: ScenarioReport,
  sandbox: Sandbox,
  options: VerifyOptions,
  { listen, capture }: Pick<ParsedScenario, "listen" | "capture">,
  io: CommandIo,
): Promise<void> {
  const odd = report.flows.filter((flow) => flow.verdict === "wrong" || judgePrediction(flow) === "disagrees");
  if (options.evidence === null || (odd.length === 0 && report.omissions.length === 0)) return;
  const folder = join(options.evidence, report.name);
  makeOutputFolder(folder);
  const { ip, ip6 } = await sandbox.counters();
  const settings = capture.placeIn(sandbox.addresses).words;
  const repetition = {
    ...{ report, flows: odd, listen, backend: sandbox.backend, settings },
    files: { rules: ip && "rules.txt", rules6: ip6 && "rules6.txt" },
  };
  const files: Readonly<Record<string, string>> = {
    "report.json": `${JSON.stringify(report, null, 2)}\n`,
    ...(ip ? { "rules.txt": renderIptablesSave(ip) } : {}),
    ...(ip6 ? { "rules6.txt": renderIptablesSave(ip6) } : {}),
    ...Object.fromEntries(Object.entries(await sandbox.gatherEvidence()).map(([name, text]) => [`${name}.txt`, text])),
    ...settings.files,
    "repeat.sh": renderRepetition(repetition, options, io),
  };
  for (const [name, text] of Object.entries(files)) writeOutput(join(folder, name), text);
  const repeat = `sh ${quoteForShell(join(folder, "repeat.sh"))}`;
  io.err(`landfall: what is known of ${report.name} is in ${folder}; to repeat it: ${repeat}\n`);
}
