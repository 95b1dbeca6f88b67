import { resolve } from "node:path";
import { type Change, diffRulesets, isKnown } from "../../analysis/diff.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { type ObservedChange, observeChanges } from "../../run/observation/changes.ts";
import { readCaptureWords } from "../arguments/capture-options.ts";
import { takeManifest } from "../arguments/manifest-option.ts";
import { MANIFEST_OPTION } from "../arguments/mesh-specs.ts";
import { OBSERVING_SANDBOX_OPTION, observingSandbox } from "../arguments/observing-sandbox.ts";
import { lastValue, type OptionSpec, type ParsedOptions } from "../arguments/options.ts";
import { WITHIN_OPTION } from "../arguments/restriction.ts";
import { tellDefaultConfig } from "../arguments/told-settings.ts";
import type { Command, CommandIo } from "../command.ts";
import { divideByAcceptance, findStale, readAcceptance, writeAcceptance } from "../diff/acceptance.ts";
import { type DiffInput, readDiffInput } from "../diff/input.ts";
import { renderDiffMarkdown } from "../diff/markdown.ts";
import { MESH_SIDE_OPTIONS } from "../diff/mesh-side.ts";
import { type DiffResult, renderDiffData, renderDiffText } from "../diff/text.ts";
import { BUDGET_OPTION } from "../input/analysis-input.ts";
import { SURROUNDINGS_OPTIONS } from "../input/given-surroundings.ts";
import { TABLE_OPTION } from "../input/rules-file.ts";
import { findUnwritableFile, writeOutput } from "../output/output-file.ts";
import { type ReportFile, readReportFile } from "../output/report-output.ts";
import type { CommandHelp } from "./help.ts";

const SPECS: readonly OptionSpec[] = [
  ...MESH_SIDE_OPTIONS,
  MANIFEST_OPTION,
  {
    name: "family",
    value: "4|6",
    choices: ["4", "6"],
    help: "the family to compare; lines that do not name a family belong to it (default 4)",
  },
  TABLE_OPTION,
  ...SURROUNDINGS_OPTIONS,
  { name: "accept", value: "FILE", help: "a list of intended changes: they are not counted, and each must occur" },
  { name: "write-accept", value: "FILE", help: "writes the changes found to a file for --accept" },
  {
    name: "observe",
    value: null,
    help: "drives the example flow of each class in a sandbox, first with one rule set and then with the other",
  },
  OBSERVING_SANDBOX_OPTION,
  BUDGET_OPTION,
  WITHIN_OPTION,
  {
    name: "report",
    value: "FILE",
    repeatable: true,
    help: "writes the result to FILE.md (for a pull request) or FILE.json too; -:md prints it instead of the text",
  },
  { name: "all", value: null, help: "gives an example flow of each class, its landings and the rules that decide" },
  { name: "json", value: null, help: "prints the result as JSON" },
];

const HELP: CommandHelp = {
  usage: [
    "landfall diff BEFORE AFTER [MESH OPTION…] [OPTION…]",
    "landfall diff --from 'MESH FLAGS' --to 'MESH FLAGS' [OPTION…]",
  ],
  about: [
    "Lists the rules that differ, and every class of flows that lands differently under two rule sets: of TCP, and of UDP and pings where rules concern them. BEFORE and AFTER are rule files in any form that --rules takes; separate several files with commas, as in v4.rules,v6.rules. The families that both sides have are compared.",
    "With --from and --to both sides are rules of a mesh, in a pod of its own, and both families are compared. A flow that both proxies take in the same role, for example inbound, does not count as a difference, whatever the listeners' names and ports. With only one of the two options, the other side is a file.",
    "If landfall does not understand a match, it assumes that the match gives the same answer for all packets of a flow, and each class states which answer it assumes. Rule files contain no policy routing: without --routing, landfall assumes that the routes which TPROXY and its marks need are installed.",
    "The mesh's options say where the proxy listens and as which user it runs (Istio: -p, -z, -u, -g), and --pod-ip gives the pod's address. Without them, the seed command's values apply.",
  ],
  options: [{ title: "Options", options: SPECS }],
  captureFlags: "mentioned",
  examples: [
    ["landfall diff rules.txt changed.txt", "which flows the change affects"],
    [
      "landfall diff rules.txt changed.txt --write-accept meant.json",
      "the same, and saves the changes as intended, for --accept",
    ],
    [
      "landfall diff --from istio-1.4 --to istio --within 'app -> elsewhere:*'",
      "what a migration changes for the workload's calls",
    ],
  ],
  exitCodes: {
    0: "no flow lands differently",
    1: "some flows land differently, or an accepted change no longer occurs",
    2: "bad input",
    3: "unknown: a family was not compared, some flows could not be analysed and no other lands differently, the budget ran out, no sandbox works here, or the kernel contradicts every change",
  },
};

/** `landfall diff`: every class of flows that two rule sets land differently. */
export const diff: Command = {
  help: HELP,
  async run(args, io) {
    const command = { specs: SPECS, withoutFlags: "injected", positionals: "own", takeManifest } as const;
    const { options, line, findings } = readCaptureWords(args, command, io);
    if (line?.purpose === "usage") return { helpOn: line.named };
    if (line !== null && line.manifestTold.length > 0) tellDefaultConfig(line, io);
    const target = lastValue(options, "write-accept");
    const unwritable =
      target === undefined ? [] : findUnwritableFile("--write-accept", resolve(io.workingDirectory, target));
    const known = [...findings, ...unwritable, ...findPartialAcceptance(options)];
    const reports = (options.values.get("report") ?? []).flatMap((path) =>
      readReportFile(path, io.workingDirectory, known, ["md", "json"]),
    );
    const input = readDiffInput(options, line, known, io);
    const list = readAcceptance(lastValue(options, "accept"), io);
    const all = input.families.flatMap((family) => diffRulesets({ ...input, family }));
    const [found, unknown] = [all.filter(isKnown), all.filter((change) => !isKnown(change))];
    const { changes, accepted } = divideByAcceptance(found, list);
    const observed = await observe(options, changes, input, io);
    const result = { changes, unknown, observed, accepted, stale: findStale(found, list) };
    tellDiff(result, input, { options, reports }, io);
    if (target !== undefined) writeAcceptance(found, target, io);
    return exitCodeOf(result, input);
  },
};

interface DiffOutput {
  readonly options: ParsedOptions;
  readonly reports: readonly ReportFile[];
}

/** Tells a diff on stdout, and then writes its files. */
function tellDiff(result: DiffResult, input: DiffInput, { options: { values }, reports }: DiffOutput, io: CommandIo) {
  const asFile = ({ format }: ReportFile) =>
    format === "md" ? renderDiffMarkdown(result, input) : renderDiffData(result, input);
  const printed = reports.find(({ path }) => path === "-");
  const show = values.has("all") ? "all" : "one-line-each";
  if (printed) io.out(asFile(printed));
  else if (values.has("json")) io.out(renderDiffData(result, input));
  else io.out(renderDiffText(result, input, { display: io.display, show }));
  for (const file of reports) if (file.path !== "-") writeOutput(file.path, asFile(file));
}

/** A file of accepted changes is about all flows. */
function findPartialAcceptance({ values }: ParsedOptions): readonly Finding[] {
  const files = ["accept", "write-accept"].filter((name) => values.has(name) && values.has("within"));
  return files.map((name) =>
    codedFinding("conflict", `--${name}`, "An accept file lists the changes of all flows; remove --within."),
  );
}

/**
 * Where simulator and kernel disagree nobody knows which is wrong: such a change is none that is known, and no "nothing has changed"
 * either. The same holds of a class that cannot be looked at.
 */
function exitCodeOf({ changes, unknown, observed, stale }: DiffResult, { leftOut }: DiffInput): number {
  const isContradicted = (_: Change, i: number) => observed[i]?.verdict === "contradicted";
  if (stale.length > 0 || !changes.every(isContradicted)) return 1;
  return changes.length + unknown.length + leftOut.length > 0 ? 3 : 0;
}

async function observe(
  options: ParsedOptions,
  changes: readonly Change[],
  input: DiffInput,
  io: CommandIo,
): Promise<readonly ObservedChange[]> {
  if (!options.values.has("observe") || changes.length === 0) return [];
  const where = observingSandbox(options, input.setting.addresses, input.given, io);
  const { pods, setting } = input;
  const shapes = { before: (pods?.before ?? setting.spec).shape, after: (pods?.after ?? setting.spec).shape };
  return observeChanges(where, changes, { ...input, shapes });
}
