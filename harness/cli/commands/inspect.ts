import type { AnalysisSetting } from "../../analysis/flows/partition.ts";
import { glanceFlows } from "../../analysis/map-glance.ts";
import { listProperties } from "../../analysis/proof/properties.ts";
import { proveProperties } from "../../analysis/proof/prove.ts";
import { LandfallError } from "../../errors.ts";
import { renderIptablesSave } from "../../formats/iptables-save.ts";
import type { Capture } from "../../model/capture.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { listFamilies, type PodRules } from "../../model/ruleset.ts";
import { reachEngine } from "../../sandbox/docker/engine.ts";
import { findLiveContainer, findNamed, findProcess, type LiveNamespace } from "../../sandbox/live/live-namespace.ts";
import { readLiveRules } from "../../sandbox/live/live-rules.ts";
import { readCutWords } from "../arguments/capture-options.ts";
import { cutCommandWords } from "../arguments/cut-words.ts";
import { FAMILY_OPTION } from "../arguments/family-option.ts";
import { JUDGING } from "../arguments/judging.ts";
import { CONTRACT_OPTION, MANIFEST_OPTION, STRICT_OPTION } from "../arguments/mesh-specs.ts";
import { lastValue, type OptionSpec, type ParsedOptions } from "../arguments/options.ts";
import type { Command, CommandIo } from "../command.ts";
import { tellLikelyMesh } from "../input/surroundings.ts";
import { findLiveTies, type Inspected, inspectedRules, livePodIps, makeLiveSetting } from "../inspect/live-pod.ts";
import { renderInspection, renderInspectionData } from "../inspect/text.ts";
import { refuseUsage } from "../refusal.ts";
import type { CommandHelp } from "./help.ts";
import { exitCodeOfProof } from "./prove.ts";

const SPECS: readonly OptionSpec[] = [
  { name: "pid", value: "N", help: "the network namespace of this process, instead of a container's" },
  {
    name: "netns",
    value: "NAME|PATH",
    offers: "namespaces",
    help: "a network namespace by its name (ip netns) or its file, instead of a container's",
  },
  {
    name: "format",
    value: "FORMAT",
    choices: ["list", "save", "json"],
    help: "one of the formats above (default list)",
  },
  { ...FAMILY_OPTION, help: "only this family (default both; with --format save, 4)" },
  CONTRACT_OPTION,
  MANIFEST_OPTION,
  STRICT_OPTION,
  { name: "all", value: null, help: "lists every class of flows with an example, as landfall map --all does" },
  { name: "json", value: null, help: "the same as --format json" },
];

const HELP: CommandHelp = {
  usage: [
    "landfall inspect CONTAINER [MESH OPTION…] [OPTION…]",
    "landfall inspect --pid N | --netns NAME|PATH [MESH OPTION…] [OPTION…]",
  ],
  about: [
    "Reads the rules of a running pod and says where TCP flows land under them. With mesh options, --contract or --manifest it also says whether the rules do what these require: proven over all flows, or drift, with an example flow and the rules that decide.",
    "It reads iptables-nft, iptables-legacy and native nftables, which the kernel applies together, policy routing and sets, of both families. CONTAINER is a name or an id. The command needs root and changes nothing.",
  ],
  terms: {
    title: "Formats",
    rows: [
      ["list", "the verdict, the map, then the rules as iptables -S and nft print them"],
      ["save", "rules as iptables-save -c prints them, as input for landfall map, diff and prove"],
      ["json", "verdict, map and rules as JSON"],
    ],
  },
  options: [{ title: "Options", options: SPECS }],
  captureFlags: "mentioned",
  words: "containers",
  examples: [
    ["landfall inspect pod --format save > rules.txt", "writes the rules of the container named pod to a file"],
    ["landfall inspect --pid 4711 --manifest pod.yaml", "whether a running pod's rules do what its manifest asks for"],
  ],
  exitCodes: {
    0: "printed; with settings: the rules do what these require",
    1: "drift: the rules do not do what the settings require",
    2: "bad input, or there is no such container, process or namespace",
    3: "the namespace cannot be entered, or it is unknown whether the rules do what the settings require",
  },
};

/** `landfall inspect CONTAINER | --pid N | --netns NAME`: the rules of a running pod, where they bring flows, and the verdict. */
export const inspect: Command = {
  help: HELP,
  async run(args, io) {
    const command = { specs: SPECS, withoutFlags: "injected", positionals: "own", ...JUDGING } as const;
    const words = cutCommandWords(args, command, io);
    const first = readCutWords(words, command, io);
    if (first.line?.purpose === "usage") return { helpOn: first.named };
    const findings = [...first.findings, ...findTargetFaults(first.options)];
    if (findings.length > 0) throw refuseUsage(findings);
    const live = await findTarget(first.options, io);
    const read = await readLiveRules(live);
    const { options, line } = readCutWords(words, { ...command, podIps: livePodIps(read) }, io);
    if (line === null) throw refuseUsage(findings);
    const format = options.values.has("json") ? "json" : (lastValue(options, "format") ?? "list");
    const asked = lastValue(options, "family") ?? (format === "save" ? "4" : null);
    const inspected: Inspected = {
      live,
      read: {
        ...read,
        rulesets: read.rulesets.filter(({ ruleset }) => asked === null || String(ruleset.family) === asked),
      },
    };
    const rules = inspectedRules(inspected);
    for (const notice of read.notices) io.err(`landfall: ${live.name}: ${notice}.\n`);
    if (format === "save") return printSaved(inspected, io);
    const setting = makeLiveSetting(line.capture, rules);
    const glances = listFamilies(rules).map((family) => glanceFlows(rules, family, setting));
    const isAsked = line.captureFrom === "flags";
    tellTies(inspected, isAsked ? "judged" : "shown", io);
    const results = isAsked ? judgeRules(rules, line.capture, setting, io) : null;
    const shown = { inspected, rules, glances, results };
    io.out(
      format === "json"
        ? renderInspectionData(shown, setting)
        : renderInspection(shown, line, { ...io, setting, show: options.values.has("all") ? "all" : "glance" }),
    );
    if (results === null) return 0;
    return exitCodeOfProof(results, () => undefined);
  },
};

function judgeRules(rules: PodRules, capture: Capture, setting: AnalysisSetting, io: CommandIo) {
  tellLikelyMesh(rules, capture, io);
  return proveProperties(rules, capture, setting, listProperties(capture.contractFor(setting.addresses)));
}

/** Of chains at one hook and priority the kernel runs first what was registered last, and nobody can see which that is. */
function tellTies(inspected: Inspected, what: "judged" | "shown", io: CommandIo): void {
  const ties = findLiveTies(inspected);
  if (ties.length === 0) return;
  const { name } = inspected.live;
  const message = `It is not known in which order the kernel runs these chains of ${name}, so no answer would be sure.`;
  if (what === "judged")
    throw new LandfallError("environment", message, {
      findings: ties.map((tie) => codedFinding("rule-fault", name, `${tie}.`)),
    });
  for (const tie of ties) io.err(`landfall: ${name}: ${tie}; the map has them in the order of the listing below.\n`);
}

function findTargetFaults({ positionals, values }: ParsedOptions): readonly Finding[] {
  const ways = [...positionals, ...["pid", "netns"].flatMap((name) => (values.has(name) ? `--${name}` : []))];
  const [container = ""] = positionals;
  if (ways.length !== 1) {
    const count = ways.length === 0 ? "No pod is named" : `${ways.length} pods are named`;
    const remedy = "name one container, by its name or id in docker ps, or give --pid or --netns.";
    return [codedFinding("unknown-name", "CONTAINER", `${count}; ${remedy}`)];
  }
  // What is no name would be read as a path of the engine's interface.
  if (positionals.length === 0 || /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/.test(container)) return [];
  const message = `"${container}" is not the name or id of a container; docker ps lists the running ones.`;
  return [codedFinding("unknown-name", "CONTAINER", message)];
}

async function findTarget(options: ParsedOptions, { workingDirectory }: CommandIo): Promise<LiveNamespace> {
  const [pid, netns] = [lastValue(options, "pid"), lastValue(options, "netns")];
  if (pid !== undefined) return findProcess(pid);
  if (netns !== undefined) return findNamed(netns, workingDirectory);
  return findLiveContainer(await reachEngine(), options.positionals[0] ?? "");
}

function printSaved({ live, read: { rulesets } }: Inspected, io: CommandIo): number {
  const own = rulesets.filter(({ variant }) => variant !== "native");
  const count = own.reduce((sum, { ruleset }) => sum + ruleset.tables.length, 0);
  if (count === 0) io.err(`landfall: ${live.name} has no rules of iptables.\n`);
  if (own.length < rulesets.length)
    io.err(`landfall: ${live.name} has native nftables rules, which this format leaves out.\n`);
  io.out(own.map(({ ruleset }) => renderIptablesSave(ruleset)).join(""));
  return 0;
}
