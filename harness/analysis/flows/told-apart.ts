import { LandfallError } from "../../errors.ts";
import type { Match } from "../../model/match.ts";
import { listMatches, listNextChains, replaceMatches, replaceTargets } from "../../model/rule-parts.ts";
import { type Chain, chainsByName, type Rule, type Ruleset, type Table, tableKey } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { answersAlike } from "../../model/text-match-traits.ts";

/**
 * Copies of chains that one table may need before the analysis gives up, and how many more for each of its chains: ways to a chain multiply
 * with each chain on the way, but thousands of services that two base chains lead to need one copy each.
 */
const [COPIES_AT_MOST, COPIES_PER_CHAIN] = [500, 2];
/** No chain that iptables takes has a space in its name. */
const COPY = " (reached at place ";

/** Gives the name that a chain has in the user's rules: `A` for `A (reached at place 2)`, which is a copy that {@link tellApart} made. */
export function originalChain(name: string): string {
  return name.split(COPY, 1)[0] ?? name;
}

/**
 * Gives a rule set in which matches of the same text have different texts where the kernel may answer one packet differently at each of
 * them: `-m statistic …`, and, where it stands again, `-m statistic … (asked at place 2)`; `-m u32 … (asked in nat OUTPUT)` where NAT may
 * rewrite what it reads before another base chain asks. Were they one question, a rule behind the first
 * would seem never to match. A chain with such a match that several jumps lead to is copied for each way to it, since one packet may go
 * several of them: `A`, `A (reached at place 2)`. Base chains come in the order of their tables' names and their own, not in that of the
 * file; copies stand behind the chains of their table. Throws `budget-exceeded` where too many copies would be needed.
 *
 * Limit: all packets of a flow get the same answer at the same place.
 */
export function tellApart(ruleset: Ruleset): Ruleset {
  const known = TOLD.get(ruleset);
  if (known !== undefined) return known;
  const made = nameApart(ruleset);
  TOLD.set(ruleset, made);
  return made;
}

/** Rule sets that were told apart: each lane asks for the same ones. */
const TOLD = new WeakMap<Ruleset, Ruleset>();

function nameApart(ruleset: Ruleset): Ruleset {
  const naming: Naming = { asked: new Map(), copies: 0 };
  const told = new Map(inOrder(ruleset.tables, tableKey).map((table) => [table, tellTableApart(table, naming)]));
  return { ...ruleset, tables: ruleset.tables.map((table) => told.get(table) ?? table) };
}

/** How often each text was asked so far, and how many chains were copied. */
interface Naming {
  readonly asked: Map<string, number>;
  copies: number;
}

function tellTableApart(table: Table, naming: Naming): Table {
  const byName = chainsByName(table);
  const drawing = findDrawing(byName);
  if (drawing.size === 0) return table;
  const most = naming.copies + COPIES_AT_MOST + COPIES_PER_CHAIN * table.chains.length;
  const named = new Map<string, Chain>();
  const copies: Chain[] = [];
  const reached = new Map<string, number>();
  const nameTarget = (target: Target, way: readonly string[]): Target => {
    if (target.kind !== "jump" && target.kind !== "goto") return target;
    const chain = byName.get(target.chain);
    // The kernel refuses a chain that leads to itself; no copying would come to an end.
    if (!chain || !drawing.has(chain.name) || way.includes(chain.name)) return target;
    return { ...target, chain: nameChain(chain, way) };
  };
  /** Names a chain's matches for one way to it; gives the name of the chain, or that of the copy made. */
  const nameChain = (chain: Chain, way: readonly string[]): string => {
    const place = (reached.get(chain.name) ?? 0) + 1;
    reached.set(chain.name, place);
    if (place > 1 && ++naming.copies > most) throw tooManyWays(chain.name, most);
    const name = place === 1 ? chain.name : `${chain.name}${COPY}${place})`;
    const base = `${table.name} ${way[0] ?? chain.name}`;
    const rules = chain.rules.map((rule): Rule => {
      const told = replaceMatches(rule, (match) => nameMatch(match, naming, base));
      return {
        ...told,
        target: told.target && replaceTargets(told.target, (one) => nameTarget(one, [...way, chain.name])),
      };
    });
    if (place === 1) named.set(name, { ...chain, rules });
    else copies.push({ ...chain, name, rules });
    return name;
  };
  const starts = table.chains.filter(({ base }) => base !== null);
  for (const chain of inOrder(starts, ({ name }) => name)) nameChain(chain, []);
  return { ...table, chains: [...table.chains.map((chain) => named.get(chain.name) ?? chain), ...copies] };
}

function nameMatch(match: Match, { asked }: Naming, base: string): Match {
  if (!isDrawing(match)) return match;
  if (answersAlike(match.text) === "in one chain") return { ...match, text: `${match.text} (asked in ${base})` };
  const place = (asked.get(match.text) ?? 0) + 1;
  asked.set(match.text, place);
  return place === 1 ? match : { ...match, text: `${match.text} (asked at place ${place})` };
}

function isDrawing(match: Match): match is Match & { readonly kind: "unknown" } {
  return match.kind === "unknown" && answersAlike(match.text) !== "wherever it is asked";
}

/** Gives the names of the chains in which a packet may meet a match that draws or counts, in them or in a chain that they lead to. */
function findDrawing(chains: ReadonlyMap<string, Chain>): ReadonlySet<string> {
  const draws = ({ rules }: Chain) => rules.some((rule) => listMatches(rule).some(isDrawing));
  const found = new Set([...chains.values()].filter(draws).map(({ name }) => name));
  if (found.size === 0) return found;
  const callers = new Map<string, string[]>();
  for (const { name, rules } of chains.values())
    for (const next of new Set(rules.flatMap(listNextChains))) {
      const known = callers.get(next);
      if (known) known.push(name);
      else callers.set(next, [name]);
    }
  // A set gives what is added to it on the way, too.
  for (const name of found) for (const caller of callers.get(name) ?? []) found.add(caller);
  return found;
}

function tooManyWays(chain: string, most: number): LandfallError {
  return new LandfallError(
    "budget-exceeded",
    `Packets can reach a random or counting match on more than ${most} paths, for example in chain ${chain}, ` +
      "and each path needs a separate analysis. Use fewer jumps to the chains with such matches.",
  );
}

function inOrder<T>(values: readonly T[], nameOf: (value: T) => string): readonly T[] {
  return values.toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
}
