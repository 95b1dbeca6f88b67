import { cleanRules } from "../../apply/clean.ts";
import { lockNamespace } from "../../apply/lock.ts";
import { lookAtNamespace, readNamespaceState } from "../../apply/namespace-state.ts";
import { renderReplacedRules } from "../../apply/replaced-rules.ts";
import { renderJson } from "../../report/json.ts";
import { readOptions, refuseWords } from "../arguments/options.ts";
import type { Command } from "../command.ts";
import { refuseUsage } from "../refusal.ts";
import { NAMESPACE_OPTIONS, refuseHostNamespace } from "./apply.ts";
import type { CommandHelp } from "./help.ts";

const HELP: CommandHelp = {
  usage: ["landfall clean [OPTION…]"],
  about: [
    "Removes from the current network namespace everything that apply creates: nft tables, chains, the rules that jump to them, kubevirt rules, the IPv6 guard, policy routing, and ::6 on lo. Other rules stay, except those in such chains and those that jump to them: it removes them and lists them. What existed before apply also stays, as far as the record under /run shows.",
  ],
  options: [{ title: "Options", options: NAMESPACE_OPTIONS }],
  captureFlags: "none",
  examples: [
    ["nsenter --net=/proc/PID/ns/net landfall clean", "from the host, in the pod that the process PID belongs to"],
  ],
  exitCodes: { 0: "clean", 2: "bad usage", 3: "the environment cannot run it" },
};

/** `landfall clean`: takes out of the network namespace it runs in everything that the generator makes. */
export const clean: Command = {
  help: HELP,
  async run(args, io) {
    const { options, findings: found } = readOptions(args, NAMESPACE_OPTIONS);
    const findings = [...found, ...refuseWords(options)];
    if (findings.length > 0) throw refuseUsage(findings);
    refuseHostNamespace(options);
    await using _lock = await lockNamespace();
    const { removed, warnings, foreign, hasRecord } = cleanRules(readNamespaceState(null, lookAtNamespace()));
    for (const warning of warnings) io.err(`landfall: warning: ${warning}\n`);
    io.err(renderReplacedRules(foreign, "removed", hasRecord));
    const outcome = removed.length > 0 ? "cleaned" : "nothing-to-clean";
    if (options.values.has("json")) io.out(renderJson({ outcome, removed, foreign }));
    else io.err(outcome === "cleaned" ? "landfall: cleaned\n" : "landfall: nothing to clean\n");
    return 0;
  },
};
