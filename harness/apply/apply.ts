import { describeError } from "../errors.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import type { PodRules } from "../model/ruleset.ts";
import { type ApplyPlan, type Possessions, planApply, planWithoutIpv6 } from "./apply-plan.ts";
import type { NamespaceState } from "./namespace-state.ts";
import { changeNetwork } from "./network-state.ts";
import { addLines, removeLines } from "./own-routing.ts";
import { type Ownership, readOwnership } from "./ownership.ts";
import { removeRecord, writeRecord } from "./record.ts";
import { type ReadRules, readRules, type Variant } from "./toolsets.ts";
import { commitChanges, planChange, type RulesChange, rollBackChanges } from "./transaction.ts";

/** What `apply` has done. */
export interface Applied {
  readonly variant: Variant;
  readonly outcome: "applied" | "unchanged";
  readonly rules: PodRules;
  readonly warnings: readonly string[];
  /** What `iptables-save` prints now, and `ip6tables-save`; IPv6 is null where it cannot be read. */
  readonly dump: { readonly ip: string; readonly ip6: string | null };
}

/** Rounds of looking again after a change: somebody else's iptables may have come between. */
const SETTLING_ROUNDS = 3;

/**
 * Puts the rules of a config into the network namespace this process is in, in place of what an earlier run has put there. Foreign rules
 * stay. The order: policy routing, then the tables (each family by one `iptables-restore`), then policy routing that is no longer wanted
 * goes. Where a step fails everything is brought back, and `environment` is thrown; only the guard of a pod that is no IPv6 pod is done
 * without, with a warning.
 */
export async function applyRules(config: CaptureConfig, namespace: NamespaceState): Promise<Applied> {
  const ours = readOwnership(namespace, "apply");
  const plan = planApply(config, namespace, ours);
  const note = (possessions: Possessions) =>
    writeRecord({ formatVersion: "1.0", links: namespace.network.links, ...possessions });
  const fault = note(plan.during);
  const { done, outcome } = await carryOutAsFarAsPossible(plan, config, ours).catch((error) => {
    if (ours.record) writeRecord(ours.record);
    else removeRecord();
    throw error;
  });
  const now = outcome === "applied" ? await settle(done) : done.variant;
  note(done.after);
  const warnings = fault === null ? done.warnings : [...done.warnings, fault];
  return { variant: now.toolset.variant, outcome, rules: plan.rules, warnings, dump: dumpOf(now) };
}

async function carryOutAsFarAsPossible(plan: ApplyPlan, config: CaptureConfig, ours: Ownership) {
  try {
    return { done: plan, outcome: await carryOut(plan) };
  } catch (error) {
    const why = describeError(error);
    const smaller = planWithoutIpv6(plan, config, ours, why);
    if (!smaller) throw error;
    // Where it is not IPv6 that fails, this fails as well, and tells why.
    return { done: smaller, outcome: await carryOut(smaller) };
  }
}

async function carryOut({ changes, routing }: ApplyPlan): Promise<Applied["outcome"]> {
  const { missing, surplus } = routing;
  try {
    await changeNetwork(addLines(missing));
    const outcome = await commitChanges(changes);
    await changeNetwork(removeLines(surplus)).catch(async (error) => {
      await rollBackChanges(changes);
      throw error;
    });
    const lines = [...addLines(missing), ...removeLines(surplus)];
    return outcome === "changed" || lines.length > 0 ? "applied" : "unchanged";
  } catch (error) {
    // Line by line: some of them may not have been carried out.
    for (const line of removeLines(missing)) await changeNetwork([line]).catch(() => {});
    throw error;
  }
}

/**
 * Reads the rules again, and mends them where another process has changed them meanwhile: an `iptables-restore` whose `apply` was killed,
 * or a second `apply`. Gives up quietly where the same stays to be mended: then this iptables only prints it in other words.
 */
async function settle({ variant, changes }: ApplyPlan): Promise<ReadRules> {
  let now = await readRules(variant.toolset);
  let last = "";
  for (let round = 0; round < SETTLING_ROUNDS; round++) {
    const rest = changes.filter(({ toolset }) => toolset === variant.toolset).flatMap((change) => again(change, now));
    const text = rest.map(planChange).join("");
    if (text === "" || text === last) break;
    await commitChanges(rest);
    now = await readRules(variant.toolset);
    last = text;
  }
  return now;
}

function again(change: RulesChange, { families }: ReadRules): readonly RulesChange[] {
  const read = families[change.family];
  return "why" in read ? [] : [{ ...change, before: read.state, claim: change.claimAfter }];
}

function dumpOf({ families }: ReadRules): Applied["dump"] {
  const [ip, ip6] = [families[4], families[6]];
  return { ip: "text" in ip ? ip.text : "", ip6: "text" in ip6 ? ip6.text : null };
}
