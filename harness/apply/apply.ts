import { describeError } from "../errors.ts";
import { listIpLines } from "../formats/ip-commands.ts";
import type { Capture } from "../model/capture.ts";
import type { PodRules } from "../model/ruleset.ts";
import { type ApplyPlan, type Possessions, planApply, planWithoutIpv6, type RoutingChange } from "./apply-plan.ts";
import type { NamespaceState } from "./namespace-state.ts";
import { changeNetwork, readNetworkState } from "./network-state.ts";
import {
  commitNftChange,
  dumpNftTables,
  isNative,
  type NftChange,
  type NftState,
  readNftTables,
  rollBackNftChange,
} from "./nft-tables.ts";
import { intersectRouting, isEmptyRouting, subtractRouting } from "./own-routing.ts";
import { type Ownership, readOwnership } from "./ownership.ts";
import { removeRecord, writeRecord } from "./record.ts";
import { listReplacedNftRules } from "./replaced-nft-rules.ts";
import { listReplacedRules } from "./replaced-rules.ts";
import { type InstalledRules, readInstalledRules, readVariants, selectVariant, type Variant } from "./toolsets.ts";
import {
  commitChanges,
  isBroughtBack,
  planChange,
  type RulesChange,
  rollBackChanges,
  undoAfter,
} from "./transaction.ts";

/** What `apply` has done, or found done already (`unchanged`), and what the kernel holds now. */
export interface Applied {
  /** Which kernel side of iptables the rules are in, or `native-nftables`. */
  readonly variant: Variant | "native-nftables";
  readonly outcome: "applied" | "unchanged";
  readonly rules: PodRules;
  readonly warnings: readonly string[];
  /** Rules that are gone and that no `apply` had made, as command lines; without a record all that are gone. */
  readonly replaced: readonly string[];
  readonly hasRecord: boolean;
  /** What `iptables-save` prints now, and `ip6tables-save`; IPv6 is null where it cannot be read. `nft`: our tables. */
  readonly dump: { readonly ip: string; readonly ip6: string | null; readonly nft: string };
}

/** Rounds of looking again after a change: somebody else's iptables may have come between. */
const SETTLING_ROUNDS = 3;
/** Without native rules none are printed. */
const NO_TABLES: NftState = { command: null, tables: [] };

/**
 * Puts the rules of a capture into the network namespace this process is in, in place of what an earlier run has put there. Foreign rules
 * stay. The order: policy routing, then the tables (each family by one `iptables-restore`, nftables by one `nft -f`; those that are only
 * taken away come last), then policy routing that is no longer wanted goes. Where a step fails everything is brought back, and
 * `environment` is thrown; only the guard of a pod that is no IPv6 pod is done without, with a warning.
 */
export function applyRules(capture: Capture, namespace: NamespaceState): Applied {
  const ours = readOwnership(namespace, "apply");
  const plan = planApply(capture, namespace, ours);
  const note = (possessions: Possessions) =>
    writeRecord({ formatVersion: "1.0", links: namespace.network.links, ...possessions });
  const fault = note(plan.during);
  const { done, outcome } = carryOutOrForget(plan, capture, ours);
  const now = outcome === "applied" ? settle(done) : done.variant;
  note(done.after);
  const warnings = fault === null ? done.warnings : [...done.warnings, fault];
  const made = ours.record?.rules ?? null;
  return {
    variant: isNative(plan.nft) ? "native-nftables" : now.toolset.variant,
    outcome,
    rules: plan.rules,
    warnings,
    replaced: [
      ...listReplacedRules(done.changes, made),
      ...listReplacedNftRules(done.nft, ours.record === null ? null : (ours.record.nftRules ?? [])),
    ],
    hasRecord: made !== null,
    dump: { ...dumpOf(now), nft: dumpNftTables(isNative(plan.nft) ? readNftTables() : NO_TABLES) },
  };
}

/** Where nothing has come of a plan, the record is what it was; where not all could be brought back, it tells whose the rest is. */
function carryOutOrForget(plan: ApplyPlan, capture: Capture, ours: Ownership) {
  try {
    return carryOutAsFarAsPossible(plan, capture, ours);
  } catch (error) {
    if (isBroughtBack(error)) ours.record ? writeRecord(ours.record) : removeRecord();
    throw error;
  }
}

function carryOutAsFarAsPossible(plan: ApplyPlan, capture: Capture, ours: Ownership) {
  try {
    return { done: plan, outcome: carryOut(plan) };
  } catch (error) {
    const smaller = planWithoutIpv6(plan, capture, ours, describeError(error));
    if (!smaller || !isBroughtBack(error)) throw error;
    // Where it is not IPv6 that fails, this fails as well, and tells why.
    return { done: smaller, outcome: carryOut(smaller) };
  }
}

function carryOut({ changes, nft, routing }: ApplyPlan): Applied["outcome"] {
  const added = listIpLines(routing.missing, "add");
  try {
    changeNetwork(added);
    const outcome = commitTables(changes, nft);
    removeSurplus(routing, changes, nft);
    return outcome === "changed" || added.length + routing.removal.length > 0 ? "applied" : "unchanged";
  } catch (error) {
    throw undoAfter(error, [() => bringBackRouting(routing)]);
  }
}

/** What is put in goes before what is taken away, so that traffic is captured throughout. */
function commitTables(changes: readonly RulesChange[], nft: NftChange): "changed" | "unchanged" {
  const nftFirst = isNative(nft);
  const first = nftFirst ? commitNftChange(nft) : commitChanges(changes);
  try {
    const second = nftFirst ? commitChanges(changes) : commitNftChange(nft);
    return first === "changed" || second === "changed" ? "changed" : "unchanged";
  } catch (error) {
    throw nftFirst ? undoAfter(error, [() => rollBackNftChange(nft)]) : rollBackChanges(changes, error);
  }
}

function removeSurplus({ removal }: RoutingChange, changes: readonly RulesChange[], nft: NftChange): void {
  try {
    changeNetwork(removal);
  } catch (error) {
    throw undoAfter(rollBackChanges(changes, error), [() => rollBackNftChange(nft)]);
  }
}

/** Of lines that fail some may have been carried out, so what is there now is looked at. */
function bringBackRouting({ missing, surplus }: RoutingChange): void {
  if (isEmptyRouting(missing) && isEmptyRouting(surplus)) return;
  const { routing } = readNetworkState();
  changeNetwork(listIpLines(subtractRouting(surplus, routing), "add"));
  changeNetwork(listIpLines(intersectRouting(routing, missing), "del"));
}

/**
 * Reads the rules again, and mends them where another process has changed them meanwhile: an `iptables-restore` whose `apply` was killed,
 * or a second `apply`. Gives up quietly where the same stays to be mended: then this iptables only prints it in other words.
 */
function settle({ variant, changes }: ApplyPlan): InstalledRules {
  let now = readInstalledRules(variant.toolset);
  let last = "";
  for (let round = 0; round < SETTLING_ROUNDS; round++) {
    const rest = changes.filter(({ toolset }) => toolset === variant.toolset).flatMap((change) => again(change, now));
    const text = rest.map(planChange).join("");
    if (text === "" || text === last) break;
    commitChanges(rest);
    now = readInstalledRules(variant.toolset);
    last = text;
  }
  return now;
}

function again(change: RulesChange, { families }: InstalledRules): readonly RulesChange[] {
  const read = families[change.family];
  return "why" in read ? [] : [{ ...change, before: read.state, claim: change.claimAfter }];
}

/**
 * Gives what `iptables-save`, `ip6tables-save` and, of our nft tables, `nft` print now, for a failure to be told; empty where they cannot
 * be read.
 */
export function readDump(): string {
  try {
    const { ip, ip6 } = dumpOf(selectVariant(readVariants(null), null));
    return ip + (ip6 ?? "") + dumpNftTables(readNftTables());
  } catch {
    return "";
  }
}

function dumpOf({ families }: InstalledRules): Omit<Applied["dump"], "nft"> {
  const [ip, ip6] = [families[4], families[6]];
  return { ip: "text" in ip ? ip.text : "", ip6: "text" in ip6 ? ip6.text : null };
}
