import type { BaseChain } from "../../model/ruleset.ts";
import { FIRST_REST, type FlowSpace } from "../flows/flow-space.ts";
import { openChainCompiler } from "./chain-diagram.ts";
import type { Diagram } from "./diagrams.ts";
import { foldBalanced } from "./fold-balanced.ts";
import { openOutcomes } from "./outcomes.ts";
import type { Rewrites } from "./packet-views.ts";
import { openPairs, rememberPairs } from "./pairs.ts";
import type { PreparedTable, PreparedTables } from "./prepared-rule.ts";
import { describeTies, listViewedChains } from "./viewed-chains.ts";

const NO_CHAINS: PreparedTable = { chains: new Map() };

/** Combines diagrams into one whose terminals stand for tuples of theirs. The rests below the dimensions count as terminals. */
export function openJoiner({ diagrams }: FlowSpace): (first: Diagram, second: Diagram) => Diagram {
  const memo = openPairs();
  const pair = rememberPairs(() => diagrams.freshTerminal());
  return (first, second) => diagrams.combine(first, second, pair, memo, { limit: FIRST_REST });
}

/** The signatures of some rule sets, made for one part of the flows after another. */
export interface Signer {
  /**
   * Gives for each rule set a diagram over the dimensions of flows: two flows whose values are all within reach have the same terminal if
   * every chain treats every packet of theirs alike, whatever marks and states the packets carry. So flows with equal terminals take the
   * same way, and if the diagrams of two rule sets have the same terminal at a flow, both treat it the same. Of flows out of reach a
   * diagram says nothing: rules that concern only these make no part of it. Nor do base chains that `meets` says no packet of the flows
   * within reach comes to.
   */
  sign(reach: FlowSpace["reach"], meets: (chain: BaseChain) => boolean): readonly Diagram[];
  /** Gives every single address to which a rule may translate what flows with some terminal of a signature dial, by number. */
  listSent(terminal: Diagram): ReadonlySet<bigint>;
}

/** Opens the signatures of some rule sets in one space. */
export function openSigner(rulesets: readonly PreparedTables[], rewrites: Rewrites, space: FlowSpace): Signer {
  const { diagrams } = space;
  const viewed = listViewedChains(rulesets, rewrites, space);
  const outcomes = openOutcomes(diagrams);
  // What a terminal of a signature stands for.
  const parts = new Map<Diagram, readonly Diagram[]>();
  const stand = (made: Diagram, own: readonly Diagram[]) => {
    parts.set(made, own);
    return made;
  };
  const memo = openPairs();
  const pair = rememberPairs((one, other) => stand(diagrams.freshTerminal(), [one, other]));
  const join = (one: Diagram, other: Diagram) => diagrams.combine(one, other, pair, memo, { limit: FIRST_REST });
  const isConstant = (part: Diagram) => diagrams.variableOf(part) >= FIRST_REST;
  const sent = new Map<Diagram, ReadonlySet<bigint>>();
  const listSent = (at: Diagram): ReadonlySet<bigint> => {
    const known = sent.get(at);
    if (known !== undefined) return known;
    const below = parts.get(at) ?? diagrams.childrenOf(at);
    const made = below.length === 0 ? new Set(outcomes.read(at).sentTo) : uniteSets(below.map(listSent));
    sent.set(at, made);
    return made;
  };
  return {
    sign: (reach, meets) => {
      const compiler = openChainCompiler({ ...space, reach }, outcomes);
      // One row a view: what each rule set does there. Equal rows are looked at once.
      const all = viewed.flatMap(({ table, chain, base, views }) =>
        (meets(base) ? views : []).map((view) =>
          rulesets.map((tables) => compiler.compile(tables.get(table) ?? NO_CHAINS, chain, view)),
        ),
      );
      const rows = [...new Map(all.map((row) => [row.join(), row])).values()];
      const constants = rows.filter((row) => row.every(isConstant));
      const varying = rows.filter((row) => !row.every(isConstant));
      return rulesets.map((tables, i) => {
        const of = (row: readonly Diagram[]) => row[i] ?? diagrams.terminal("no chain");
        const fixed = constants.map(of);
        const head = stand(diagrams.terminal(`constants ${fixed.join()} after ${describeTies(tables)}`), fixed);
        return foldBalanced([head, ...varying.map(of)], join) ?? head;
      });
    },
    listSent,
  };
}

/** Most parts of a signature send a flow nowhere. */
function uniteSets(sets: readonly ReadonlySet<bigint>[]): ReadonlySet<bigint> {
  const some = [...new Set(sets)].filter(({ size }) => size > 0);
  return some.length === 1 && some[0] ? some[0] : new Set(some.flatMap((each) => [...each]));
}
