import { cleanRules } from "../../apply/clean.ts";
import { lockNamespace } from "../../apply/lock.ts";
import { readNamespaceState } from "../../apply/namespace-state.ts";
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
    "Takes out of the network namespace it runs in everything that apply makes: nft tables, chains, the rules that lead to them, kubevirt rules, the IPv6 guard, policy routing, ::6 on lo. Rules of others stay, but for those in such chains or jumping to them, which are named; and so does what was there before apply, as far as its record under /run tells.",
  ],
  options: [{ title: "Options", options: NAMESPACE_OPTIONS }],
  captureFlags: "none",
  examples: [["nsenter --net=/proc/PID/ns/net landfall clean", "in the pod of a process, from the host"]],
  exitCodes: { 0: "clean now", 2: "bad usage", 3: "the environment cannot run it" },
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
    const { removed, warnings, foreign, hasRecord } = cleanRules(readNamespaceState());
    for (const warning of warnings) io.err(`landfall: warning: ${warning}\n`);
    io.err(renderReplacedRules(foreign, "removed", hasRecord));
    const outcome = removed.length > 0 ? "cleaned" : "nothing-to-clean";
    if (options.values.has("json")) io.out(renderJson({ outcome, removed, foreign }));
    else io.err(outcome === "cleaned" ? "landfall: cleaned\n" : "landfall: there was nothing to clean\n");
    return 0;
  },
};
