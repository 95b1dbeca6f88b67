import { renderRuleBody } from "../formats/rule-text.ts";
import type { Traces } from "../meshes/mesh.ts";
import { MESHES } from "../meshes/meshes.ts";
import type { Family } from "../model/address.ts";
import type { Ruleset } from "../model/ruleset.ts";
import type { RulesState, TableState } from "./rules-state.ts";

/** A rule of ours in a chain that is not. */
export interface HookRule {
  readonly chain: string;
  /** As printed, without its `-A CHAIN`. */
  readonly body: string;
  /** Where it goes among the rules that are not ours: at the top, at the bottom, or at a number, counted from 1. */
  readonly place: "top" | "bottom" | number;
  /** How it is told to iptables when it goes; by its number if left out. */
  readonly goesBy?: "words" | "number";
}

/** Matches and targets that every iptables reads as it prints them; all that the generator puts into chains that are not its own. */
const PLAIN_WORDS = /^(?:-[dijp] \S+ |-m state --state \S+ )*-j \S+(?: --reject-with \S+)?$/;

/** The chains and hook rules of one table that are ours: made by a mesh's generator, and so removed by `clean`. */
export interface OwnTable {
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly hooks: readonly HookRule[];
}

/** A hook that names no chain of ours, so that only a record tells it from one that was there before. */
export interface MadeHook {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
  readonly body: string;
  /** How many rules in the very same words somebody else has there. */
  readonly foreign: number;
}

/** The chain a rule stands in. */
type ChainPlace = Omit<MadeHook, "body" | "foreign">;

/**
 * Which of the rules that look like ours are: those on a record, all, or none. Our chains, and whatever jumps to them, are ours in any
 * case.
 */
export type Claim =
  | { readonly kind: "recorded"; readonly made: readonly MadeHook[] }
  | { readonly kind: "all" | "none" };

/** A table in which nothing is ours: neither a chain nor a rule that leads to one. */
export const NOTHING_OWN: OwnTable = { chains: new Map(), hooks: [] };

const OWN_CHAINS: ReadonlySet<string> = new Set(MESHES.flatMap(({ traces }) => traces.chains));

/** Says whether a chain of that name is ours. */
function isOwnChain(name: string): boolean {
  return OWN_CHAINS.has(name);
}

/** Says whether any table has a chain of ours. */
export function hasOwnChains(state: RulesState): boolean {
  return [...state.values()].some((table) => [...table.keys()].some(isOwnChain));
}

/** Gives what a rule set wants to have in one table. */
export function wantedTable(ruleset: Ruleset, table: string, traces: Traces): OwnTable {
  const chains = ruleset.tables.find(({ name }) => name === table)?.chains ?? [];
  const bodiesOf = (chain: (typeof chains)[number]) => chain.rules.map((rule) => renderRuleBody(rule, ruleset.family));
  return {
    chains: new Map(chains.filter(({ base }) => base === null).map((chain) => [chain.name, bodiesOf(chain)])),
    hooks: chains
      .filter(({ base }) => base !== null)
      .flatMap((chain) =>
        chain.rules.map((rule, i) => ({
          chain: chain.name,
          body: bodiesOf(chain)[i] ?? "",
          place: traces.placementOf(chain.name, rule),
        })),
      ),
  };
}

/** Gives what is ours in one table of the kernel, each hook with its number. */
export function ownTable(state: TableState | undefined, family: Family, table: string, claim: Claim): OwnTable {
  const chains = [...(state ?? [])];
  return {
    chains: new Map(chains.filter(([name]) => isOwnChain(name)).map(([name, { bodies }]) => [name, bodies])),
    hooks: chains
      .filter(([name]) => !isOwnChain(name))
      .flatMap(([chain, { bodies }]) => {
        const own = ownNumbers(bodies, { family, table, chain }, claim);
        return own.map((i) => ({ chain, body: bodies[i] ?? "", place: i + 1, goesBy: findWayOut(bodies, own, i) }));
      }),
  };
}

/**
 * A number may be another rule's by the time it is used, if somebody changes the chain meanwhile. Words cannot, but where a stranger's rule
 * has the same ones only the number tells which is meant.
 */
function findWayOut(bodies: readonly string[], own: readonly number[], index: number): "words" | "number" {
  const body = bodies[index] ?? "";
  const twins = bodies.filter((other) => other === body).length;
  const ownTwins = own.filter((i) => bodies[i] === body).length;
  return twins === ownTwins && PLAIN_WORDS.test(body) ? "words" : "number";
}

/** Says whether a rule jumps to a chain of ours. */
export function jumpsToOwn(body: string): boolean {
  const chain = /(?:^| )-[jg] (\S+)$/.exec(body)?.[1];
  return chain !== undefined && isOwnChain(chain);
}

/** Gives the indices of the rules that are ours in a chain that is not. */
function ownNumbers(bodies: readonly string[], place: ChainPlace, claim: Claim): readonly number[] {
  const jumps = bodies.keys().filter((i) => jumpsToOwn(bodies[i] ?? ""));
  const own = new Set(jumps);
  if (claim.kind === "all") for (const i of findLookalikes(bodies, place)) own.add(i);
  if (claim.kind === "recorded") addRecorded(own, bodies, place, claim.made);
  return [...own].sort((a, b) => a - b);
}

function findLookalikes(bodies: readonly string[], { family, table, chain }: ChainPlace): readonly number[] {
  const looksMade = (body: string) => MESHES.some(({ traces }) => traces.looksMade(family, table, chain, body));
  return [...bodies.keys()].filter((i) => looksMade(bodies[i] ?? ""));
}

/**
 * Where the same rule was there before, ours is the one on the outer side: inserted above it, or appended below. Of a recorded rule that
 * was never made, since apply was killed, there are only the foreign ones.
 */
function addRecorded(own: Set<number>, bodies: readonly string[], place: ChainPlace, made: readonly MadeHook[]): void {
  for (const { body, foreign } of made.filter((hook) => isAt(hook, place))) {
    const free = [...bodies.keys()].filter((i) => bodies[i] === body && !own.has(i));
    const index = place.chain === "PREROUTING" ? free[0] : free.at(-1);
    if (index !== undefined && free.length > foreign) own.add(index);
  }
}

function isAt(made: MadeHook, place: ChainPlace): boolean {
  return made.family === place.family && made.table === place.table && made.chain === place.chain;
}
