import { FAMILIES, type Family } from "./address.ts";
import type { Match } from "./match.ts";
import type { Target } from "./target.ts";

/** The tables the project knows, in the order in which the hooks consult them. */
export const TABLE_NAMES = ["raw", "mangle", "nat", "filter"] as const;

/** A table's name: `nat`. The `security` table is not examined. */
export type TableName = (typeof TABLE_NAMES)[number];

/** The chains the kernel makes by itself, by table, in the order iptables prints them. */
export const BUILT_IN_CHAINS: Readonly<Record<TableName, readonly string[]>> = {
  raw: ["PREROUTING", "OUTPUT"],
  mangle: ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"],
  nat: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"],
  filter: ["INPUT", "FORWARD", "OUTPUT"],
};

/** Packets and bytes that a rule or a built-in chain's policy has counted. */
export interface Counters {
  readonly packets: number;
  readonly bytes: number;
}

/** One rule: its matches in the order they are written, and what happens when all of them hold. */
export interface Rule {
  readonly matches: readonly Match[];
  /** Null: the rule only counts. */
  readonly target: Target | null;
  /** Present where the text had them (`iptables-save -c`). */
  readonly counters?: Counters;
  /** Line of the text it was read from, counted from 1; absent where it was made. */
  readonly line?: number;
  /** The rule as that line has it, which is how it is quoted; absent where it was made. Whoever changes a rule leaves it out. */
  readonly text?: string;
}

/** A chain; rules are numbered from 1 in reports, as `iptables -L --line-numbers` does. */
export interface Chain {
  readonly name: string;
  /** Null for a user-defined chain; a built-in chain's policy otherwise. */
  readonly policy: "ACCEPT" | "DROP" | null;
  readonly rules: readonly Rule[];
  readonly counters?: Counters;
}

/** One table; the chains' order is kept. */
export interface Table {
  readonly name: TableName;
  readonly chains: readonly Chain[];
}

/** All tables of one family. A table that is absent has no rules and policies ACCEPT. */
export interface Ruleset {
  readonly family: Family;
  readonly tables: readonly Table[];
}

/** Gives a rule set without tables. */
export function emptyRuleset(family: Family): Ruleset {
  return { family, tables: [] };
}

/** Gives every rule of a rule set, in the tables' order; none for null. */
export function listRules(ruleset: Ruleset | null): readonly Rule[] {
  return ruleset?.tables.flatMap(({ chains }) => chains.flatMap(({ rules }) => rules)) ?? [];
}

/**
 * Routes that rules with marks need, in `ip`'s own words without the leading `ip rule add`, `ip route add`, `ip addr add`.
 *
 * @example
 * { rules: ["fwmark 0x539 lookup 133"], routes: ["local default dev lo table 133"], addresses: ["::6/128 dev lo"] }
 */
export interface PolicyRouting {
  readonly rules: readonly string[];
  readonly routes: readonly string[];
  readonly addresses: readonly string[];
}

/** Everything that is put into a pod. A family that is null is left as it is and is not under test. */
export interface PodRules {
  readonly ip: Ruleset | null;
  readonly ip6: Ruleset | null;
  readonly policyRouting: PolicyRouting;
}

/** Policy routing that asks for nothing. */
export const NO_POLICY_ROUTING: PolicyRouting = { rules: [], routes: [], addresses: [] };

/** A pod without rules, both families under test. */
export const NO_RULES: PodRules = { ip: emptyRuleset(4), ip6: emptyRuleset(6), policyRouting: NO_POLICY_ROUTING };

/** The name under which rules of both families are kept apart: `ip` or `ip6`. */
export type FamilyKey = "ip" | "ip6";

/** Gives a family's name in {@link PodRules} and the like. */
export function familyKey(family: Family): FamilyKey {
  return family === 4 ? "ip" : "ip6";
}

/** Gives the families that have rules, be they none: one whose rules are null is not under test. */
export function listFamilies(rules: Pick<PodRules, FamilyKey>): readonly Family[] {
  return FAMILIES.filter((family) => rules[familyKey(family)] !== null);
}

/**
 * A rule's place, as reports name it; `index` counts from 1 within its chain, `rule` is its text: as the file has it,
 * else as `iptables -S` prints it.
 */
export interface RulePlace {
  readonly family: Family;
  readonly table: TableName;
  readonly chain: string;
  readonly index: number;
  readonly rule: string;
}

/** Gives a text that two places share only where they are one: `4 nat OUTPUT 1`. The rule's own text is not in it. */
export function renderPlaceKey({ family, table, chain, index }: Omit<RulePlace, "rule">): string {
  return `${family} ${table} ${chain} ${index}`;
}
