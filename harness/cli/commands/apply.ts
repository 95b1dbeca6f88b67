import { type Applied, applyRules, readDump } from "../../apply/apply.ts";
import { lockNamespace } from "../../apply/lock.ts";
import { findNamespaceOwner } from "../../apply/namespace.ts";
import { readNamespaceState } from "../../apply/namespace-state.ts";
import { findPodAddresses } from "../../apply/pod-addresses.ts";
import { renderReplacedRules } from "../../apply/replaced-rules.ts";
import { LandfallError } from "../../errors.ts";
import { readTextFile } from "../../load/text-file.ts";
import { renderJson } from "../../report/json.ts";
import { readCaptureCommand } from "../arguments/capture-options.ts";
import type { OptionSpec, ParsedOptions } from "../arguments/options.ts";
import { tellDefaultConfig, tellWarnings } from "../arguments/told-settings.ts";
import type { Command, CommandIo } from "../command.ts";
import { readServers } from "../input/pod-facts.ts";
import { renderRulesData } from "../input/rules-data.ts";
import type { CommandHelp } from "./help.ts";

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
  options: [{ title: "Options", options: NAMESPACE_OPTIONS }],
  captureFlags: "listed",
  examples: [
    ["landfall apply -p 15001 -z 15006 -u 1337 -i '*' -b '*' -d 15020", "applies the rules in an init container"],
    [
      "nsenter --net=/proc/PID/ns/net landfall apply -u 1337 -b '*' -i '*'",
      "from the host, in the pod that the process PID belongs to",
    ],
  ],
  exitCodes: {
    0: "applied, or already in place",
    2: "bad input: every finding is listed, and nothing was applied",
    3: "the environment cannot run it",
  },
};

/** `landfall apply`: applies the rules in the current network namespace. */
export const apply: Command = {
  help: HELP,
  async run(args, io) {
    // Bad input is told before the namespace is looked at; then once more with the addresses that are there.
    const typed = readLine(args, io);
    if (typed.purpose === "usage") return "help";
    if (typed.purpose !== "apply") return 0;
    refuseHostNamespace(typed.options);
    await using _lock = await lockNamespace();
    const state = readNamespaceState();
    const isNamed = typed.options.values.has("pod-ip");
    const pod = isNamed ? { podIps: [], warnings: [] } : findPodAddresses(state.network.podIps);
    const line = readLine(args, io, pod.podIps);
    const { capture, warnings: found, options } = line;
    tellDefaultConfig(line, io);
    tellWarnings(found, io);
    const applied = applyOrDump(() => applyRules(capture, state), options, io);
    const { variant, outcome, rules, replaced, dump } = applied;
    const warnings = [...pod.warnings, ...applied.warnings];
    for (const warning of warnings) io.err(`landfall: warning: ${warning}\n`);
    io.err(renderReplacedRules(replaced, "replaced", applied.hasRecord));
    const asJson = () => renderJson({ variant, outcome, warnings, replaced, ...renderRulesData(rules, line) });
    io.out(options.values.has("json") ? asJson() : dump.ip + (dump.ip6 ?? "") + dump.nft);
    return 0;
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

/** Throws `environment` in the host's own network namespace, unless it is asked for. */
export function refuseHostNamespace(options: ParsedOptions): void {
  if (options.values.has("host-network") || findNamespaceOwner() === "pod") return;
  throw new LandfallError(
    "environment",
    "This is the host's own network namespace, and landfall does not change its rules. Run the command in the pod's namespace (nsenter --net=/proc/PID/ns/net), or add --host-network.",
  );
}

function readLine(args: readonly string[], io: CommandIo, podIps?: readonly string[]) {
  const command = {
    specs: NAMESPACE_OPTIONS,
    withoutFlags: "tool",
    positionals: "none",
    usage: HELP,
  } as const;
  return readCaptureCommand(args, podIps ? { ...command, podIps, resolvers: readOwnResolvers() } : command, io);
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
