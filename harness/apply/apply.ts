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
export function applyRules(config: CaptureConfig, namespace: NamespaceState): Applied {
  const ours = readOwnership(namespace, "apply");
  const plan = planApply(config, namespace, ours);
  const note = (possessions: Possessions) =>
    writeRecord({ formatVersion: "1.0", links: namespace.network.links, ...possessions });
  const fault = note(plan.during);
  const { done, outcome } = undoIfItFails(
    () => carryOutAsFarAsPossible(plan, config, ours),
    () => (ours.record ? writeRecord(ours.record) : removeRecord()),
  );
  const now = outcome === "applied" ? settle(done) : done.variant;
  note(done.after);
  const warnings = fault === null ? done.warnings : [...done.warnings, fault];
  return { variant: now.toolset.variant, outcome, rules: plan.rules, warnings, dump: dumpOf(now) };
}

function carryOutAsFarAsPossible(plan: ApplyPlan, config: CaptureConfig, ours: Ownership) {
  try {
    return { done: plan, outcome: carryOut(plan) };
  } catch (error) {
    const why = describeError(error);
    const smaller = planWithoutIpv6(plan, config, ours, why);
    if (!smaller) throw error;
    // Where it is not IPv6 that fails, this fails as well, and tells why.
    return { done: smaller, outcome: carryOut(smaller) };
  }
}

function carryOut({ changes, routing }: ApplyPlan): Applied["outcome"] {
  const { missing, surplus } = routing;
  try {
    changeNetwork(addLines(missing));
    const outcome = commitChanges(changes);
    undoIfItFails(
      () => changeNetwork(removeLines(surplus)),
      () => rollBackChanges(changes),
    );
    const lines = [...addLines(missing), ...removeLines(surplus)];
    return outcome === "changed" || lines.length > 0 ? "applied" : "unchanged";
  } catch (error) {
    removeWhatIsThere(removeLines(missing));
    throw error;
  }
}

/** Carries out line by line: some of what is to go may never have come. */
function removeWhatIsThere(lines: readonly string[]): void {
  for (const line of lines) {
    try {
      changeNetwork([line]);
    } catch {}
  }
}

function undoIfItFails<Done>(act: () => Done, undo: () => void): Done {
  try {
    return act();
  } catch (error) {
    undo();
    throw error;
  }
}

/**
 * Reads the rules again, and mends them where another process has changed them meanwhile: an `iptables-restore` whose `apply` was killed,
 * or a second `apply`. Gives up quietly where the same stays to be mended: then this iptables only prints it in other words.
 */
function settle({ variant, changes }: ApplyPlan): ReadRules {
  let now = readRules(variant.toolset);
  let last = "";
  for (let round = 0; round < SETTLING_ROUNDS; round++) {
    const rest = changes.filter(({ toolset }) => toolset === variant.toolset).flatMap((change) => again(change, now));
    const text = rest.map(planChange).join("");
    if (text === "" || text === last) break;
    commitChanges(rest);
    now = readRules(variant.toolset);
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
