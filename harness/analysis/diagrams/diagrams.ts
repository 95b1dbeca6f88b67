import { LandfallError } from "../../errors.ts";
import type { Memo } from "./pairs.ts";

/** A diagram's number in its workshop; equal functions have equal numbers. */
export type Diagram = number;

/** The variable of terminals: greater than every variable. */
export const TERMINAL = 0x7fffffff;

/** Gives the diagram for two diagrams: of terminals, when two diagrams are combined. */
export type CombineTerminals = (first: Diagram, second: Diagram) => Diagram;

/**
 * A workshop of hash-consed interval decision diagrams. A diagram is a function from numbered variables, each a whole number from 0, to
 * terminals; a node holds its variable, the first value of each interval, and a child for each. Neighbours never have equal children, so
 * equal functions are one node, and comparing two is comparing numbers.
 */
export interface Diagrams {
  /** Gives the terminal with this name, the same one every time. */
  terminal(name: string): Diagram;
  /** Gives a terminal that is equal to no other, and has no name. */
  freshTerminal(): Diagram;
  /** Gives a terminal's name; empty for one without. */
  nameOf(terminal: Diagram): string;
  /** Gives a node; `starts[0]` is 0, `starts` rises, and `children` are of greater variables. */
  node(variable: number, starts: readonly number[], children: readonly Diagram[]): Diagram;
  variableOf(diagram: Diagram): number;
  startsOf(diagram: Diagram): readonly number[];
  childrenOf(diagram: Diagram): readonly Diagram[];
  /**
   * Combines two diagrams point by point. What has a variable of `limit` or above counts as a terminal. `memo` belongs to one
   * `combineTerminals`, and makes later calls with it cheap.
   */
  combine(first: Diagram, second: Diagram, combineTerminals: CombineTerminals, memo: Memo, limit?: number): Diagram;
}

/** Nodes that one analysis may make before it gives up. */
const DEFAULT_NODE_BUDGET = 4_000_000;

/**
 * Opens a store of decision diagrams, in which equal diagrams are one number. Making more than `budget` nodes (4,000,000 if left out)
 * throws `budget-exceeded`: an analysis is complete or it is not given.
 */
export function openDiagrams(budget: number = DEFAULT_NODE_BUDGET): Diagrams {
  const variables: number[] = [];
  const starts: (readonly number[])[] = [];
  const children: (readonly Diagram[])[] = [];
  const names = new Map<Diagram, string>();
  const terminals = new Map<string, Diagram>();
  // By hash of what a node is, the node made last; and for each node the one before it with the same hash.
  const byHash = new Map<number, Diagram>();
  const before: (Diagram | undefined)[] = [];

  function make(variable: number, firsts: readonly number[], kids: readonly Diagram[]): Diagram {
    if (variables.length >= budget) throw exceeded(budget);
    variables.push(variable);
    starts.push(firsts);
    children.push(kids);
    return variables.length - 1;
  }

  function terminal(name: string): Diagram {
    const known = terminals.get(name);
    if (known !== undefined) return known;
    const made = make(TERMINAL, NONE, NONE);
    terminals.set(name, made);
    names.set(made, name);
    return made;
  }

  function add(variable: number, firsts: readonly number[], kids: readonly Diagram[]): Diagram {
    const hash = hashNode(variable, firsts, kids);
    const last = byHash.get(hash);
    for (let at = last; at !== undefined; at = before[at]) {
      const isSame =
        variables[at] === variable &&
        areEqual(children[at] as readonly Diagram[], kids) &&
        areEqual(starts[at] as readonly number[], firsts);
      if (isSame) return at;
    }
    const made = make(variable, firsts, kids);
    before[made] = last;
    byHash.set(hash, made);
    return made;
  }

  function node(variable: number, firsts: readonly number[], kids: readonly Diagram[]): Diagram {
    const keptStarts: number[] = [];
    const keptKids: Diagram[] = [];
    for (let i = 0; i < kids.length; i++) {
      const kid = kids[i] as Diagram;
      if (kid === keptKids.at(-1)) continue;
      keptStarts.push(firsts[i] as number);
      keptKids.push(kid);
    }
    const [only] = keptKids;
    if (keptKids.length === 1 && only !== undefined) return only;
    return add(variable, keptStarts, keptKids);
  }

  function variableOf(diagram: Diagram): number {
    return variables[diagram] ?? TERMINAL;
  }

  /** A diagram that does not look at a variable has one branch there: itself. */
  function branchesAt(diagram: Diagram, variable: number): readonly [readonly number[], readonly Diagram[]] {
    if (variables[diagram] !== variable) return [[0], [diagram]];
    return [starts[diagram] as readonly number[], children[diagram] as readonly Diagram[]];
  }

  function combine(f: Diagram, g: Diagram, combineTerminals: CombineTerminals, memo: Memo, limit = TERMINAL): Diagram {
    if (variableOf(f) >= limit && variableOf(g) >= limit) return combineTerminals(f, g);
    const found = memo.get(f, g);
    if (found !== undefined) return found;
    const made = merge(f, g, (a, b) => combine(a, b, combineTerminals, memo, limit));
    memo.set(f, g, made);
    return made;
  }

  /** Makes the node of two diagrams' first variable, its intervals cut where either cuts, each with what both have there. */
  function merge(f: Diagram, g: Diagram, join: CombineTerminals): Diagram {
    const variable = Math.min(variableOf(f), variableOf(g));
    const [[sf, cf], [sg, cg]] = [branchesAt(f, variable), branchesAt(g, variable)];
    const merged: number[] = [];
    const kids: Diagram[] = [];
    for (let i = 0, j = 0, at = 0; at !== TERMINAL; ) {
      merged.push(at);
      kids.push(join(cf[i] as Diagram, cg[j] as Diagram));
      const [nextF, nextG] = [sf[i + 1] ?? TERMINAL, sg[j + 1] ?? TERMINAL];
      at = Math.min(nextF, nextG);
      if (nextF === at) i++;
      if (nextG === at) j++;
    }
    return node(variable, merged, kids);
  }

  return {
    terminal,
    freshTerminal: () => make(TERMINAL, NONE, NONE),
    nameOf: (diagram) => names.get(diagram) ?? "",
    node,
    variableOf,
    startsOf: (diagram) => starts[diagram] ?? [],
    childrenOf: (diagram) => children[diagram] ?? [],
    combine,
  };
}

/** What terminals have of intervals and children. */
const NONE: readonly number[] = [];

/** Mixes numbers into one of 30 bits, as FNV-1a mixes bytes; nodes that share it are compared. */
function hashNode(variable: number, firsts: readonly number[], kids: readonly Diagram[]): number {
  let hash = Math.imul(variable ^ 0x811c9dc5, 0x01000193);
  for (let i = 0; i < kids.length; i++) {
    hash = Math.imul(hash ^ (firsts[i] as number), 0x01000193);
    hash = Math.imul(hash ^ (kids[i] as number), 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash & 0x3fffffff;
}

function areEqual(some: readonly number[], others: readonly number[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false;
  return true;
}

function exceeded(budget: number): LandfallError {
  const message =
    `The analysis needs more than ${budget} diagram nodes, so there is no complete answer. ` +
    "Restrict the flows, for example with --within 'client -> pod:*' or --within 'app -> 10.0.0.0/8:443', or raise the limit with --budget NODES.";
  return new LandfallError("budget-exceeded", message);
}

/** Folds diagrams two by two, so that each takes part in few combinations; a fold from one end would take their number squared. */
export function foldBalanced<T>(items: readonly T[], join: (first: T, second: T) => T): T | undefined {
  let level = items;
  while (level.length > 1) {
    const next: T[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [first, second] = [level[i] as T, level[i + 1]];
      next.push(second === undefined ? first : join(first, second));
    }
    level = next;
  }
  return level[0];
}
