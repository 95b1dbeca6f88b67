import { cleanRules } from "../apply/clean.ts";
import { lockNamespace } from "../apply/lock.ts";
import { readNamespaceState } from "../apply/namespace-state.ts";
import { LandfallError } from "../errors.ts";
import { NAMESPACE_OPTIONS, refuseHostNamespace } from "./apply.ts";
import type { Command } from "./command.ts";
import { parseOptions } from "./options.ts";

const HELP = `Usage: landfall clean [--host-network] [--json]

Takes out of the network namespace it runs in everything that apply makes: chains, the rules that lead to them, kubevirt rules, the IPv6
guard, policy routing, ::6 on lo. Rules of others stay, and so does what was there before apply, as far as its record under /run tells.

  --host-network   cleans the host's own network namespace, too
  --json           as data: { "formatVersion": "1.0", "outcome": "cleaned", "removed": ["…"] }

Exit codes: 0 clean now · 2 bad usage · 3 the environment cannot run it
`;

/** `landfall clean`: takes out of the network namespace it runs in everything that the generator makes. */
export const clean: Command = {
  name: "clean",
  summary: "takes out of it everything the generator makes",
  help: HELP,
  async run(args, io) {
    if (args.includes("-h")) {
      io.out(HELP);
      return 0;
    }
    const parsed = parseOptions(args, NAMESPACE_OPTIONS);
    const stray = parsed.ok ? parsed.value.positionals : [];
    if (!parsed.ok || stray.length > 0) {
      const findings = parsed.ok
        ? stray.map((where) => ({
            where,
            line: null,
            column: null,
            message: "clean takes no such word; take it away.",
          }))
        : parsed.findings;
      throw new LandfallError("bad-usage", "The command line cannot be used; nothing was done.", { findings });
    }
    refuseHostNamespace(parsed.value);
    await using _lock = await lockNamespace();
    const removed = await cleanRules(await readNamespaceState());
    const outcome = removed.length > 0 ? "cleaned" : "nothing-to-clean";
    if (parsed.value.values.has("json"))
      io.out(`${JSON.stringify({ formatVersion: "1.0", outcome, removed }, null, 2)}\n`);
    else io.err(outcome === "cleaned" ? "landfall: cleaned\n" : "landfall: there was nothing to clean\n");
    return 0;
  },
};
