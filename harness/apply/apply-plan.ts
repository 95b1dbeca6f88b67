import { LandfallError } from "../errors.ts";
import { type IpLine, listIpLines } from "../formats/ip-commands.ts";
import type { Traces } from "../meshes/mesh.ts";
import { findMesh } from "../meshes/meshes.ts";
import type { Family } from "../model/address.ts";
import { type Capture, isIpv6Pod } from "../model/capture.ts";
import type { PolicyRouting } from "../model/policy-routing.ts";
import { familyKey, listNftTables, NO_RULES, type PodRules } from "../model/ruleset.ts";
import type { NamespaceState } from "./namespace-state.ts";
import { isNative, type NftChange } from "./nft-tables.ts";
import { intersectRouting, subtractRouting, uniteRouting } from "./own-routing.ts";
import { type Claim, jumpsToOwn, type MadeHook, type OwnTable, ownTable, wantedTable } from "./own-rules.ts";
import type { Ownership } from "./ownership.ts";
import { listNftRules } from "./replaced-nft-rules.ts";
import { listMadeRules, type MadeRule } from "./replaced-rules.ts";
import { explainUnusable, type InstalledRules, selectVariant } from "./toolsets.ts";
import { planChange, type RulesChange } from "./transaction.ts";

/** What could be anybody's and is ours, for a record. */
export interface Possessions {
  readonly hooks: readonly MadeHook[];
  readonly routing: PolicyRouting;
  readonly rules: readonly MadeRule[];
  readonly nftRules: readonly string[];
}

/** What is to become of policy routing. */
export interface RoutingChange {
  readonly missing: PolicyRouting;
  readonly surplus: PolicyRouting;
  /** Lines of `ip -batch` that remove the surplus. */
  readonly removal: readonly IpLine[];
}

/** Everything an `apply` is going to do, thought out before anything is done. */
export interface ApplyPlan {
  /** The variant the rules go into; from the others ours are taken out. */
  readonly variant: InstalledRules;
  readonly rules: PodRules;
  readonly changes: readonly RulesChange[];
  readonly nft: NftChange;
  readonly routing: RoutingChange;
  /** What is ours while it is being done, whichever part of it: what was, and what will be. */
  readonly during: Possessions;
  readonly after: Possessions;
  readonly warnings: readonly string[];
}

/** A contract generates nothing, and leaves no traces. */
const NO_TRACES: Traces = { chains: [], placementOf: () => "bottom", looksMade: () => false };

/**
 * Plans how a namespace gets the rules of a config. Throws `environment` where a table cannot be changed, and for an IPv6 pod without
 * ip6tables; an IPv4 pod goes without its guard, with a warning.
 */
export function planApply(capture: Capture, namespace: NamespaceState, ours: Ownership): ApplyPlan {
  const rules = capture.generated ?? NO_RULES;
  const { traces } = findMesh(capture.mesh) ?? { traces: NO_TRACES };
  const variant = selectVariant(namespace.variants, namespace.chosen);
  const tables = { 4: wantedTables(rules, traces, 4), 6: wantedTables(rules, traces, 6) };
  const nft: NftChange = { before: namespace.nft, wanted: listNftTables(rules) };
  // Native rules ask nothing of iptables, which need not be there.
  const withoutIptables = isNative(nft);
  const without4 = withoutIptables ? null : explainUnusable(variant.families[4], [...tables[4].keys()]);
  if (without4 !== null) throw new LandfallError("environment", `The rules cannot be applied: ${without4}.`);
  const without6 = withoutIptables ? null : reasonWithoutIpv6(variant, capture, tables[6]);
  const families: readonly Family[] = without6 === null ? [4, 6] : [4];
  const wanted = new Map(families.map((family) => [family, tables[family]]));
  const made = [...wanted].flatMap(([family, tables]) => madeHooks(variant, family, tables, ours.claim));
  const hooks = [...made, ...ours.hooks.filter((old) => !made.some((hook) => isSameHook(hook, old)))];
  const { routing: present } = namespace.network;
  const missing = subtractRouting(rules.policyRouting, present);
  const surplus = subtractRouting(intersectRouting(present, ours.routing), rules.policyRouting);
  const claims = { claim: ours.claim, claimAfter: { kind: "recorded", made: hooks } } as const;
  const changes = namespace.variants.flatMap((one) =>
    planVariant(one, families, one === variant ? wanted : null, claims),
  );
  const madeRules = listMadeRules(changes);
  const nftRules = listNftRules(nft.wanted);
  return {
    variant,
    rules,
    changes,
    nft,
    routing: { missing, surplus, removal: listIpLines(surplus, "del") },
    during: {
      hooks,
      routing: uniteRouting(ours.routing, missing),
      rules: [...(ours.record?.rules ?? []), ...madeRules],
      nftRules: [...(ours.record?.nftRules ?? []), ...nftRules],
    },
    after: {
      hooks: made,
      routing: uniteRouting(intersectRouting(rules.policyRouting, ours.routing), missing),
      rules: madeRules,
      nftRules,
    },
    warnings: without6 === null ? [] : [`No IPv6 rules are applied, so inbound IPv6 is not blocked: ${without6}.`],
  };
}

/**
 * Gives a plan that leaves IPv6 as it is, for a pod that is no IPv6 pod and whose kernel refuses the guard; null where IPv6 must be
 * changed, and where it is not changed anyway. The original goes on as well where ip6tables fails there.
 */
export function planWithoutIpv6(plan: ApplyPlan, capture: Capture, ours: Ownership, why: string): ApplyPlan | null {
  const changes = plan.changes.filter(({ family }) => family === 4);
  const changesIpv6 = plan.changes.some((change) => change.family === 6 && planChange(change) !== "");
  if (isIpv6Pod(capture) || !changesIpv6) return null;
  const hooks = [
    ...plan.after.hooks.filter(({ family }) => family === 4),
    ...ours.hooks.filter(({ family }) => family === 6),
  ];
  const warning = `The IPv6 rules are unchanged, so inbound IPv6 might not be blocked: ${why}`;
  const left = ours.record?.rules?.filter(({ family }) => family === 6) ?? [];
  const rules = [...listMadeRules(changes), ...left];
  return { ...plan, changes, after: { ...plan.after, hooks, rules }, warnings: [...plan.warnings, warning] };
}

function planVariant(
  { toolset, families: read }: InstalledRules,
  families: readonly Family[],
  wanted: ReadonlyMap<Family, ReadonlyMap<string, OwnTable>> | null,
  claims: { readonly claim: Claim; readonly claimAfter: Claim },
): readonly RulesChange[] {
  return families.flatMap((family) => {
    const rules = read[family];
    const tables: ReadonlyMap<string, OwnTable> = wanted?.get(family) ?? new Map();
    return "why" in rules ? [] : [{ toolset, family, before: rules.state, wanted: tables, ...claims }];
  });
}

function reasonWithoutIpv6(
  { families }: InstalledRules,
  capture: Capture,
  tables: ReadonlyMap<string, OwnTable>,
): string | null {
  const why = explainUnusable(families[6], [...tables.keys()]);
  if (why === null || !isIpv6Pod(capture)) return why;
  throw new LandfallError("environment", `This is an IPv6 pod, and ip6tables cannot be used: ${why}.`);
}

function wantedTables(rules: PodRules, traces: Traces, family: Family): ReadonlyMap<string, OwnTable> {
  const ruleset = rules[familyKey(family)];
  if (!ruleset) return new Map();
  const own = ruleset.tables.filter(({ source }) => source !== "nft");
  return new Map(own.map(({ name }) => [name, wantedTable(ruleset, name, traces)]));
}

function madeHooks(
  { families }: InstalledRules,
  family: Family,
  tables: ReadonlyMap<string, OwnTable>,
  claim: Claim,
): readonly MadeHook[] {
  const read = families[family];
  return [...tables].flatMap(([table, { hooks }]) => {
    const state = "state" in read ? read.state.get(table) : undefined;
    const own = ownTable(state, family, table, claim).hooks;
    return hooks
      .filter(({ body }) => !jumpsToOwn(body))
      .map(({ chain, body }) => {
        const twins = state?.get(chain)?.bodies.filter((other) => other === body).length ?? 0;
        const ownTwins = own.filter((hook) => hook.chain === chain && hook.body === body).length;
        return { family, table, chain, body, foreign: twins - ownTwins };
      });
  });
}

function isSameHook(some: MadeHook, other: MadeHook): boolean {
  return (["family", "table", "chain", "body"] as const).every((key) => some[key] === other[key]);
}
