import { join } from "node:path";
import { NO_POLICY_ROUTING } from "../../model/policy-routing.ts";
import type { KeptEvidence } from "../../model/provenance.ts";
import { judgePrediction, type ScenarioReport } from "../../model/report.ts";
import { quoteForShell } from "../../model/shell-words.ts";
import type { ParsedScenario } from "../../run/scenario/parsed-scenario.ts";
import { renderRules } from "../../sandbox/pod/rules-by-tool.ts";
import type { CountedRules, Sandbox } from "../../sandbox/sandbox.ts";
import type { CommandIo } from "../command.ts";
import { nameNear } from "../input/input-file.ts";
import { makeOutputFolder, writeOutput } from "../output/output-file.ts";
import type { VerifyOptions } from "./options.ts";
import { renderRepetition } from "./repetition.ts";

/**
 * Keeps what is known of a scenario with a wrong landing, a wrong prediction, or rules that leave something out, while its rules are still
 * in, in a folder of its name below `--evidence`: its report, the rules with their counters, tracked connections, sockets, policy routing,
 * what the sandbox's agents were asked and said, and a script that repeats it all. Gives what was kept; null where nothing was to be.
 */
export async function keepEvidence(
  report: ScenarioReport,
  sandbox: Sandbox,
  options: VerifyOptions,
  { listen, capture }: Pick<ParsedScenario, "listen" | "capture">,
  io: CommandIo,
): Promise<KeptEvidence | null> {
  const odd = report.flows.filter((flow) => flow.verdict === "wrong" || judgePrediction(flow) === "disagrees");
  if (options.evidence === null || (odd.length === 0 && report.omissions.length === 0)) return null;
  const folder = join(options.evidence, report.name);
  makeOutputFolder(folder);
  const { rules, rules6, nft } = renderCounted(await sandbox.counters());
  const settings = capture.placeIn(sandbox.addresses).words;
  const repetition = {
    ...{ report, flows: odd, listen, backend: sandbox.backend, settings },
    files: { rules: rules && "rules.txt", rules6: rules6 && "rules6.txt", nft: nft && "rules.nft" },
  };
  const files: Readonly<Record<string, string>> = {
    "report.json": `${JSON.stringify(report, null, 2)}\n`,
    ...(rules ? { "rules.txt": rules } : {}),
    ...(rules6 ? { "rules6.txt": rules6 } : {}),
    ...(nft ? { "rules.nft": nft } : {}),
    ...Object.fromEntries(Object.entries(await sandbox.gatherEvidence()).map(([name, text]) => [`${name}.txt`, text])),
    ...settings.files,
    "repeat.sh": renderRepetition(repetition, options, io),
  };
  for (const [name, text] of Object.entries(files)) writeOutput(join(folder, name), text);
  const repeat = `sh ${quoteForShell(join(folder, "repeat.sh"))}`;
  io.err(`landfall: evidence for ${report.name} is in ${folder}; to reproduce it, run: ${repeat}\n`);
  return { folder: nameNear(folder, io), files: Object.keys(files) };
}

/** A family that nft's tables alone are of has no file of iptables. */
function renderCounted({ ip, ip6 }: CountedRules): Readonly<Record<"rules" | "rules6" | "nft", string | null>> {
  const texts = renderRules({ ip, ip6, policyRouting: NO_POLICY_ROUTING });
  const isOfIptables = (ruleset: CountedRules["ip"]) =>
    ruleset !== null && (ruleset.tables.length === 0 || ruleset.tables.some(({ source }) => source !== "nft"));
  return {
    rules: isOfIptables(ip) ? texts.ip : null,
    rules6: isOfIptables(ip6) ? texts.ip6 : null,
    nft: texts.nft || null,
  };
}
