import { FAMILIES, type Family } from "./address.ts";
import type { Hook } from "./hook.ts";
import type { Match } from "./match.ts";
import { NO_POLICY_ROUTING, type PolicyRouting } from "./policy-routing.ts";
import type { Target } from "./target.ts";

/** Packets and bytes that a rule or a built-in chain's policy has counted since it was loaded: `{ packets: 3, bytes: 180 }`. */
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
  /** The number by which nft names it in its table (`nft -a list ruleset`); absent where the text does not tell it. */
  readonly handle?: number;
  /** The rule as that line has it, which is how it is quoted; absent where it was made. Whoever changes a rule leaves it out. */
  readonly text?: string;
}

/**
 * Where the kernel calls a chain (nft(8), CHAINS). At one hook, chains of all tables run by priority, the smaller first; at equal priority
 * the one that was loaded last runs first.
 *
 * @example iptables' chain OUTPUT of the table mangle
 * { hook: "output", type: "route", priority: -150, policy: "ACCEPT" }
 */
export interface BaseChain {
  readonly hook: Hook;
  /** `nat` sees a connection's first packet alone; `route` routes a packet again that it has changed. */
  readonly type: "filter" | "nat" | "route";
  /** A signed 32-bit number. A nat chain's orders it among nat chains only: translation stands at -100 or 100 whatever it says. */
  readonly priority: number;
  /** What becomes of a packet that comes out of the chain undecided. */
  readonly policy: "ACCEPT" | "DROP";
}

/** A chain; rules are numbered from 1 in reports, as `iptables -L --line-numbers` does. */
export interface Chain {
  readonly name: string;
  /** Null for a chain that only other rules lead to. */
  readonly base: BaseChain | null;
  readonly rules: readonly Rule[];
  readonly counters?: Counters;
}

/** The families of tables whose rules are understood (nft(8), ADDRESS FAMILIES). */
export const TABLE_FAMILIES = ["ip", "ip6", "inet"] as const;

/** What a table holds rules for: one family, or both. */
export type TableFamily = (typeof TABLE_FAMILIES)[number];

/** Which of the kernel's interfaces a table belongs to; `iptables`: one of iptables' two variants, which of them is not said. */
export type TableSource = "iptables" | "iptables-nft" | "iptables-legacy" | "nft";

/**
 * One table of one source; the chains' order is kept.
 *
 * @example
 * { family: "ip", source: "iptables", name: "nat", chains: [{ name: "OUTPUT", base: { hook: "output", … }, rules: […] }] }
 */
export interface Table {
  readonly family: TableFamily;
  readonly source: TableSource;
  /** Any name: `nat`, `istio-proxy-nat`. */
  readonly name: string;
  readonly chains: readonly Chain[];
  /** Objects of an nft table that its rules name: sets, maps and counters, as `nft -j list ruleset` has them; absent where it has none. */
  readonly objects?: readonly Readonly<Record<string, unknown>>[];
  /** Present on an nft table whose base chains the kernel does not call (`flags dormant`). */
  readonly isDormant?: true;
  /** The file that it was read from, as the user names it; absent where it was made, or came from elsewhere. */
  readonly file?: string;
}

/** The chains of tables by name: each step of reading and analysing thousands of chains looks for them. */
const CHAINS = new WeakMap<readonly Chain[], ReadonlyMap<string, Chain>>();

/** Gives the chains of a table by their names. */
export function chainsByName({ chains }: Pick<Table, "chains">): ReadonlyMap<string, Chain> {
  const known = CHAINS.get(chains);
  if (known !== undefined) return known;
  const made = new Map(chains.map((chain) => [chain.name, chain]));
  CHAINS.set(chains, made);
  return made;
}

/** Gives the tables whose base chains the kernel calls. */
export function listActiveTables(ruleset: Ruleset | null): readonly Table[] {
  return ruleset?.tables.filter(({ isDormant }) => !isDormant) ?? [];
}

/** What names a table among those of one namespace: two of them may have one `name`. */
export type TableIdentity = Pick<Table, "source" | "family" | "name">;

/** Gives a text that two tables of one namespace share only if they are one: `iptables ip nat`. */
export function tableKey({ source, family, name }: TableIdentity): string {
  return `${source} ${family} ${name}`;
}

/**
 * All tables that packets of one family meet, in the order in which they were loaded; a table for both families is in both rule sets.
 * A table that is absent has no rules and policies ACCEPT.
 */
export interface Ruleset {
  readonly family: Family;
  readonly tables: readonly Table[];
}

/** Gives a rule set without tables. */
export function emptyRuleset(family: Family): Ruleset {
  return { family, tables: [] };
}

/** Gives every rule of a rule set that packets can meet, in the tables' order; none for null. Rules of dormant tables are left out. */
export function listRules(ruleset: Ruleset | null): readonly Rule[] {
  if (ruleset === null) return [];
  const known = LISTED.get(ruleset);
  if (known) return known;
  const made = listActiveTables(ruleset).flatMap(({ chains }) => chains.flatMap(({ rules }) => rules));
  LISTED.set(ruleset, made);
  return made;
}

/** One analysis lists the rules of the same sets dozens of times. */
const LISTED = new WeakMap<Ruleset, readonly Rule[]>();

/**
 * Everything that is put into a pod. A family that is null is left as it is and is not under test.
 *
 * @example
 * { ip: { family: 4, tables: [natTable] }, ip6: { family: 6, tables: [] }, policyRouting: NO_POLICY_ROUTING }
 */
export interface PodRules {
  readonly ip: Ruleset | null;
  readonly ip6: Ruleset | null;
  readonly policyRouting: PolicyRouting;
}

/** Gives the nft tables of a pod, each once, in an order that both families have: one for both families is in both rule sets. */
export function listNftTables({ ip, ip6 }: Pick<PodRules, FamilyKey>): readonly Table[] {
  const ofNft = (ruleset: Ruleset | null) => ruleset?.tables.filter(({ source }) => source === "nft") ?? [];
  const merged = [...ofNft(ip)];
  let at = 0;
  for (const table of ofNft(ip6)) {
    const known = merged.findIndex((other) => tableKey(other) === tableKey(table));
    if (known < 0) merged.splice(at, 0, table);
    at = (known < 0 ? at : known) + 1;
  }
  return merged;
}

/** A pod without rules, both families under test. */
export const NO_RULES: PodRules = { ip: emptyRuleset(4), ip6: emptyRuleset(6), policyRouting: NO_POLICY_ROUTING };

/** The name under which rules of both families are kept apart: `ip` or `ip6`. */
export type FamilyKey = "ip" | "ip6";

/** Gives a family's name in {@link PodRules} and the like: `ip` for 4, `ip6` for 6. */
export function familyKey(family: Family): FamilyKey {
  return family === 4 ? "ip" : "ip6";
}

/** Gives the families that have a rule set, which may be empty; a family whose rules are null is not under test. */
export function listFamilies(rules: Pick<PodRules, FamilyKey>): readonly Family[] {
  return FAMILIES.filter((family) => rules[familyKey(family)] !== null);
}
