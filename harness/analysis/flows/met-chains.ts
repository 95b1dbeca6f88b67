import { listRulesetTargets } from "../../model/rule-parts.ts";
import type { BaseChain, Ruleset } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import type { Lane } from "./lane.ts";

/**
 * Gives a function that says for each lane whether a packet of its flows may come to a base chain. What the pod dials meets no nat chain of
 * prerouting or input: the kernel asks about each side of a connection once (nf_nat_inet_fn in net/netfilter/nf_nat_core.c), and the first
 * packet has been through output and postrouting by then. Where a rule may keep a packet from its connection, what comes back may begin
 * another, which is asked about where it comes in; then every chain may be met.
 */
export function openMeeting(
  rulesets: readonly Ruleset[],
): ({ host }: Pick<Lane, "host">) => (chain: BaseChain) => boolean {
  const isTracked = !rulesets.some((ruleset) => listRulesetTargets(ruleset).some(partsFromConnection));
  return ({ host }) => {
    if (host !== "pod" || !isTracked) return () => true;
    return ({ type, hook }) => type !== "nat" || (hook !== "prerouting" && hook !== "input");
  };
}

/** Leaves a packet untracked or in another zone, sends it somewhere else as well, or may do anything. */
function partsFromConnection({ kind }: Target): boolean {
  return kind === "notrack" || kind === "zone" || kind === "tee" || kind === "unknown";
}
