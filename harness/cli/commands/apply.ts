import { type Applied, applyRules, readDump } from "../../apply/apply.ts";
import { lockNamespace } from "../../apply/lock.ts";
import { findNamespaceOwner } from "../../apply/namespace.ts";
import { lookAtNamespace, readNamespaceState } from "../../apply/namespace-state.ts";
import { findPodAddresses, HOSTNAME_QUESTION } from "../../apply/pod-addresses.ts";
import { renderReplacedRules } from "../../apply/replaced-rules.ts";
import { LandfallError } from "../../errors.ts";
import { readTextFile } from "../../load/text-file.ts";
import { renderJson } from "../../report/json.ts";
import { readCutWords, requireLine } from "../arguments/capture-options.ts";
import { type CutWords, cutCommandWords } from "../arguments/cut-words.ts";
import type { OptionSpec, ParsedOptions } from "../arguments/options.ts";
import { tellDefaultConfig, tellWarnings } from "../arguments/told-settings.ts";
import type { Command, CommandIo } from "../command.ts";
import { readServers } from "../input/resolver-file.ts";
import { renderRulesData } from "../input/rules-data.ts";
import type { CommandHelp } from "./help.ts";

/** What `apply` alone takes. */
const DETAILED_EXIT_CODE: OptionSpec = {
  name: "detailed-exitcode",
  value: null,
  help: "exits with 1 if rules changed, or with --dry-run would change, and with 0 if everything was in place",
};
/** Read with the mesh's words, which may have the same option; it is listed here for those that have none. */
const DRY_RUN_OPTION: OptionSpec = {
  name: "dry-run",
  value: null,
  help: "prints which rules would be added, removed and unchanged, by family and table, and changes nothing; also -t where the mesh has no other -t. In the host's own namespace it only checks the input",
};

/** What `apply` and `clean` both take. */
export const NAMESPACE_OPTIONS: readonly OptionSpec[] = [
  { name: "host-network", value: null, help: "allows the host's own network namespace" },
  { name: "json", value: null, help: "prints what was done as JSON" },
];

const HELP: CommandHelp = {
  usage: ["landfall apply [MESH OPTION…] [OPTION…]"],
  about: [
    "Applies the rules in the current network namespace, as an init container does, and replaces the rules of an earlier run. Other rules stay, except those in the mesh's own chains (ISTIO_*) and those that jump to these chains: it replaces them and lists them. Native nftables rules are applied in one transaction, in tables of their own. Prints the output of iptables-save and ip6tables-save afterwards, and what nft lists of such tables, also after a failure.",
  ],
  options: [{ title: "Options", options: [DRY_RUN_OPTION, DETAILED_EXIT_CODE, ...NAMESPACE_OPTIONS] }],
  captureFlags: "listed",
  examples: [
    ["landfall apply -p 15001 -z 15006 -u 1337 -i '*' -b '*' -d 15020", "applies the rules in an init container"],
    [
      "nsenter --net=/proc/PID/ns/net landfall apply -u 1337 -b '*' -i '*'",
      "from the host, in the pod that the process PID belongs to",
    ],
    [
      "landfall apply --dry-run --detailed-exitcode -u 1337 -b '*' -i '*'",
      "what would change, and 1 if anything would",
    ],
  ],
  exitCodes: {
    0: "applied, or already in place; with --dry-run: the plan was printed",
    1: "with --detailed-exitcode: rules changed, or would change",
    2: "bad input: every finding is listed, and nothing was applied",
    3: "the environment cannot run it",
  },
};

const COMMAND = {
  specs: [DETAILED_EXIT_CODE, ...NAMESPACE_OPTIONS],
  withoutFlags: "tool",
  positionals: "none",
  usage: HELP,
} as const;

/** `landfall apply`: applies the rules in the current network namespace. */
export const apply: Command = {
  help: HELP,
  async run(args, io) {
    // Bad input is told before the namespace is looked at; then once more with the addresses that are there.
    const words = cutCommandWords(args, COMMAND, io);
    const typed = readLine(words, io);
    if (typed.purpose === "usage") return { helpOn: typed.named };
    const isDetailed = typed.options.values.has(DETAILED_EXIT_CODE.name);
    // A dry run elsewhere has always checked the input; what would change can be said of a pod alone.
    if (typed.purpose === "check" && !isDetailed && isForbidden(typed.options)) {
      io.err(`landfall: the input is valid. ${FORBIDDEN}\n`);
      return 0;
    }
    refuseHostNamespace(typed.options);
    await using _lock = await lockNamespace();
    const isNamed = typed.options.values.has("pod-ip");
    const look = lookAtNamespace(isNamed ? [] : [HOSTNAME_QUESTION]);
    const state = readNamespaceState(typed.variant, look);
    const pod = isNamed ? { podIps: [], warnings: [] } : findPodAddresses(state.network.podIps, look);
    const line = readLine(words, io, pod.podIps);
    const { capture, warnings: found, options } = line;
    tellDefaultConfig(line, io);
    tellWarnings(found, io);
    const changed = isDetailed ? 1 : 0;
    if (line.purpose === "check") {
      const { tellPreview } = await import("../output/preview.ts");
      return tellPreview({ line, state, warnings: pod.warnings }, io) === "unchanged" ? 0 : changed;
    }
    const applied = applyOrDump(() => applyRules(capture, state), options, io);
    const { variant, outcome, rules, replaced, dump } = applied;
    const warnings = [...pod.warnings, ...applied.warnings];
    for (const warning of warnings) io.err(`landfall: warning: ${warning}\n`);
    io.err(renderReplacedRules(replaced, "replaced", applied.hasRecord));
    if (outcome === "unchanged") io.err("landfall: nothing to change\n");
    const asJson = () => renderJson({ variant, outcome, warnings, replaced, ...renderRulesData(rules, line) });
    io.out(options.values.has("json") ? asJson() : dump.ip + (dump.ip6 ?? "") + dump.nft);
    return outcome === "unchanged" ? 0 : changed;
  },
};

/** After a failure what the namespace has then is printed too, as the original does; with `--json` the error alone is. */
function applyOrDump(work: () => Applied, options: ParsedOptions, io: CommandIo): Applied {
  try {
    return work();
  } catch (error) {
    if (!options.values.has("json")) io.out(readDump());
    throw error;
  }
}

const FORBIDDEN =
  "This is the host's own network namespace, and landfall does not change its rules. Run the command in the pod's namespace (nsenter --net=/proc/PID/ns/net), or add --host-network.";

function isForbidden(options: ParsedOptions): boolean {
  return !options.values.has("host-network") && findNamespaceOwner() === "host";
}

/** Throws `environment` in the host's own network namespace, unless it is asked for. */
export function refuseHostNamespace(options: ParsedOptions): void {
  if (isForbidden(options)) throw new LandfallError("environment", FORBIDDEN);
}

function readLine(words: CutWords, io: CommandIo, podIps?: readonly string[]) {
  const command = podIps ? { ...COMMAND, podIps, resolvers: readOwnResolvers() } : COMMAND;
  return requireLine(readCutWords(words, command, io), command, io);
}

/** The servers that the pod itself asks; none where it has no such file. */
function readOwnResolvers(): readonly string[] {
  const path = "/etc/resolv.conf";
  try {
    return readServers({ path, text: readTextFile(path) });
  } catch {
    return [];
  }
}
