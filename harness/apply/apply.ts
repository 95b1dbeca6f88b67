import { DIALECTS, findDialect, generateRules } from "../capture/dialects.ts";
import { LandfallError } from "../errors.ts";
import type { Family } from "../model/address.ts";
import { type CaptureConfig, isIpv6Pod } from "../model/capture-config.ts";
import type { PodRules } from "../model/ruleset.ts";
import type { NamespaceState } from "./namespace-state.ts";
import { changeNetwork, type NetworkState } from "./network-state.ts";
import {
  addLines,
  guessOwnRouting,
  intersectRouting,
  removeLines,
  subtractRouting,
  uniteRouting,
} from "./own-routing.ts";
import { type Claim, hasOwnChains, jumpsToOwn, type MadeHook, type OwnTable, wantedTable } from "./own-rules.ts";
import { type ApplyRecord, readRecord, writeRecord } from "./record.ts";
import type { RulesState } from "./rules-state.ts";
import { type ReadRules, readRules, selectVariant, type Variant } from "./toolsets.ts";
import { commitChanges, type RulesChange, rollBackChanges } from "./transaction.ts";

/** What `apply` has done. */
export interface Applied {
  readonly variant: Variant;
  readonly outcome: "applied" | "unchanged";
  readonly rules: PodRules;
  readonly warnings: readonly string[];
  /** What `iptables-save` prints now, and `ip6tables-save`; IPv6 is null where it cannot be read. */
  readonly dump: { readonly ip: string; readonly ip6: string | null };
}

/**
 * Puts the rules of a config into the network namespace this process is in, in place of what an earlier run has put there. Foreign rules
 * stay. The order: policy routing, then the tables (each family by one `iptables-restore`), then what is no longer wanted goes. Where a
 * step fails everything is brought back, and `environment` is thrown. What is in the namespace has been read before.
 */
export async function applyRules(
  config: CaptureConfig,
  { network: state, variants }: NamespaceState,
): Promise<Applied> {
  const rules = generateRules(config);
  const variant = selectVariant(variants);
  const warnings: string[] = [];
  const families = familiesToChange(variant, config, warnings);
  const record = readRecord(state.links);
  const ours = findOurs(variants, state, record);
  const wanted = new Map(families.map((family) => [family, wantedTables(rules, config, family)]));
  const made = [...wanted].flatMap(([family, tables]) => madeHooks(family, tables));
  const bothHooks = [...made, ...ours.hooks.filter((old) => !made.some((hook) => isSameHook(hook, old)))];
  const claimAfter: Claim = { kind: "recorded", made: bothHooks };
  const changes = variants.flatMap((one) =>
    families.flatMap((family): readonly RulesChange[] => {
      const read = one.families[family];
      if ("why" in read) return [];
      const own = one === variant ? (wanted.get(family) ?? new Map()) : new Map();
      return [{ toolset: one.toolset, family, before: read.state, claim: ours.claim, claimAfter, wanted: own }];
    }),
  );
  const missing = subtractRouting(rules.policyRouting, state.routing);
  const surplus = subtractRouting(intersectRouting(state.routing, ours.routing), rules.policyRouting);
  const kept = intersectRouting(rules.policyRouting, ours.routing);
  const note = (hooks: readonly MadeHook[], routing: PodRules["policyRouting"]) =>
    writeRecord({ formatVersion: "1.0", links: state.links, hooks, routing });
  const fault = note(bothHooks, uniteRouting(ours.routing, missing));
  if (fault !== null) warnings.push(fault);
  const outcome = await carryOut(changes, addLines(missing), removeLines(missing), removeLines(surplus));
  note(made, uniteRouting(kept, missing));
  const after = outcome === "applied" ? await readRules(variant.toolset) : variant;
  return { variant: variant.toolset.variant, outcome, rules, warnings, dump: dumpOf(after) };
}

async function carryOut(
  changes: readonly RulesChange[],
  add: readonly string[],
  undo: readonly string[],
  remove: readonly string[],
): Promise<"applied" | "unchanged"> {
  try {
    await changeNetwork(add);
    const outcome = await commitChanges(changes);
    await changeNetwork(remove).catch(async (error) => {
      await rollBackChanges(changes);
      throw error;
    });
    return outcome === "changed" || add.length + remove.length > 0 ? "applied" : "unchanged";
  } catch (error) {
    for (const line of undo) await changeNetwork([line]).catch(() => {});
    throw error;
  }
}

/** IPv6 is left out, with a warning, where an IPv4 pod has no ip6tables: its rules there only guard. */
function familiesToChange(variant: ReadRules, config: CaptureConfig, warnings: string[]): readonly Family[] {
  const ip6 = variant.families[6];
  if (!("why" in ip6)) return [4, 6];
  if (isIpv6Pod(config)) {
    throw new LandfallError(
      "environment",
      `This is an IPv6 pod, and its rules cannot be read: ${ip6.why}. Install ip6tables.`,
    );
  }
  warnings.push(`No IPv6 rules are applied, so inbound IPv6 is not kept out: ${ip6.why}.`);
  return [4];
}

function wantedTables(rules: PodRules, config: CaptureConfig, family: Family): ReadonlyMap<string, OwnTable> {
  const ruleset = family === 4 ? rules.ip : rules.ip6;
  const dialect = findDialect(config.dialect) ?? DIALECTS[0];
  if (!ruleset || !dialect) return new Map();
  return new Map(ruleset.tables.map(({ name }) => [name, wantedTable(ruleset, name, dialect)]));
}

function madeHooks(family: Family, tables: ReadonlyMap<string, OwnTable>): readonly MadeHook[] {
  return [...tables].flatMap(([table, { hooks }]) =>
    hooks.filter(({ body }) => !jumpsToOwn(body)).map(({ chain, body }) => ({ family, table, chain, body })),
  );
}

function isSameHook(some: MadeHook, other: MadeHook): boolean {
  return (["family", "table", "chain", "body"] as const).every((key) => some[key] === other[key]);
}

/** What is ours of what could be anybody's: what the record says; without one all of it where our chains are, else nothing. */
function findOurs(variants: readonly ReadRules[], state: NetworkState, record: ApplyRecord | null) {
  if (record) {
    const claim: Claim = { kind: "recorded", made: record.hooks };
    return { claim, hooks: record.hooks, routing: record.routing };
  }
  const states = statesOf(variants);
  if (!states.some(hasOwnChains)) {
    return { claim: { kind: "none" } as Claim, hooks: [], routing: { rules: [], routes: [], addresses: [] } };
  }
  return { claim: { kind: "all" } as Claim, hooks: [], routing: guessOwnRouting(state.routing, states) };
}

/** Gives every table's state that could be read. */
export function statesOf(variants: readonly ReadRules[]): readonly RulesState[] {
  return variants.flatMap(({ families }) =>
    [families[4], families[6]].flatMap((read) => ("state" in read ? [read.state] : [])),
  );
}

function dumpOf({ families }: ReadRules): Applied["dump"] {
  const [ip, ip6] = [families[4], families[6]];
  return { ip: "text" in ip ? ip.text : "", ip6: "text" in ip6 ? ip6.text : null };
}
