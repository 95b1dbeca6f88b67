import { LandfallError } from "../../errors.ts";
import { areEqual, hashNode, joinNeighbours, startAt, TERMINAL } from "./node-parts.ts";
import type { Memo } from "./pairs.ts";

/** A diagram's number in its workshop; equal functions have equal numbers. */
export type Diagram = number;

/** Gives the diagram for two diagrams: of terminals, when two diagrams are combined. */
export type CombineTerminals = (first: Diagram, second: Diagram) => Diagram;

/** How to combine diagrams beside what becomes of their terminals. */
export interface CombineManner {
  /** What has a variable of this number or above counts as a terminal. */
  readonly limit?: number;
  /**
   * Gives what two diagrams come to where it shows without looking into them, as where one leaves the other as it is; else undefined. It
   * must be what combining them point by point comes to.
   */
  readonly shortcut?: (first: Diagram, second: Diagram) => Diagram | undefined;
}

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
   * Combines two diagrams point by point. `memo` belongs to one `combineTerminals`, and makes later calls with it cheap.
   */
  combine(
    first: Diagram,
    second: Diagram,
    combineTerminals: CombineTerminals,
    memo: Memo,
    manner?: CombineManner,
  ): Diagram;
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

  /** Gives the node of intervals whose neighbours are all different: those of two lists from one place to another. */
  function nodeOf(
    variable: number,
    firsts: readonly number[],
    kids: readonly Diagram[],
    from: number,
    until: number,
  ): Diagram {
    if (until - from === 1) return kids[from] as Diagram;
    const hash = hashNode(variable, firsts, kids, from, until);
    const last = byHash.get(hash);
    for (let at = last; at !== undefined; at = before[at]) {
      const isSame =
        variables[at] === variable &&
        areEqual(children[at] as readonly Diagram[], kids, from, until) &&
        areEqual(starts[at] as readonly number[], firsts, from, until);
      if (isSame) return at;
    }
    const made = make(variable, firsts.slice(from, until), kids.slice(from, until));
    before[made] = last;
    byHash.set(hash, made);
    return made;
  }

  function node(variable: number, firsts: readonly number[], kids: readonly Diagram[]): Diagram {
    const [ownFirsts, ownKids] = joinNeighbours(firsts, kids);
    return nodeOf(variable, ownFirsts, ownKids, 0, ownKids.length);
  }

  function variableOf(diagram: Diagram): number {
    return variables[diagram] ?? TERMINAL;
  }

  /** A diagram that does not look at a variable has one branch there: itself. */
  function startsAt(diagram: Diagram, variable: number): readonly number[] {
    return variables[diagram] === variable ? (starts[diagram] as readonly number[]) : FROM_ZERO;
  }

  function kidAt(diagram: Diagram, variable: number, i: number): Diagram {
    return variables[diagram] === variable ? ((children[diagram] as readonly Diagram[])[i] as Diagram) : diagram;
  }

  function combine(
    first: Diagram,
    second: Diagram,
    combineTerminals: CombineTerminals,
    memo: Memo,
    { limit = TERMINAL, shortcut }: CombineManner = {},
  ): Diagram {
    const join = (f: Diagram, g: Diagram): Diagram => {
      if (variableOf(f) >= limit && variableOf(g) >= limit) return combineTerminals(f, g);
      const short = shortcut?.(f, g);
      if (short !== undefined) return short;
      const found = memo.get(f, g);
      if (found !== undefined) return found;
      const made = merge(f, g, join);
      memo.set(f, g, made);
      return made;
    };
    return join(first, second);
  }

  // Intervals of nodes that are being merged, those of one above those of the other that asked for it.
  const openFirsts: number[] = [];
  const openKids: Diagram[] = [];
  let top = 0;

  /** Makes the node of two diagrams' first variable, its intervals cut where either cuts, each with what both have there. */
  function merge(f: Diagram, g: Diagram, join: CombineTerminals): Diagram {
    const variable = Math.min(variableOf(f), variableOf(g));
    const sf = startsAt(f, variable);
    const sg = startsAt(g, variable);
    const bottom = top;
    for (let i = 0, j = 0, at = 0; at !== TERMINAL; ) {
      const kid = join(kidAt(f, variable, i), kidAt(g, variable, j));
      if (top === bottom || openKids[top - 1] !== kid) {
        openFirsts[top] = at;
        openKids[top++] = kid;
      }
      const nextF = startAt(sf, i + 1);
      const nextG = startAt(sg, j + 1);
      at = Math.min(nextF, nextG);
      if (nextF === at) i++;
      if (nextG === at) j++;
    }
    const made = nodeOf(variable, openFirsts, openKids, bottom, top);
    top = bottom;
    return made;
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
const FROM_ZERO: readonly number[] = [0];

function exceeded(budget: number): LandfallError {
  const message =
    `The analysis needs more than ${budget} diagram nodes, so there is no complete answer. ` +
    "Restrict the flows, for example with --within 'client -> pod:*' or --within 'app -> 10.0.0.0/8:443', or raise the limit with --budget NODES.";
  return new LandfallError("budget-exceeded", message);
}
