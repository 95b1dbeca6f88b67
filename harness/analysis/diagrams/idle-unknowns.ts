import { DIMENSION, FIRST_REST, type FlowSpace } from "../flows/flow-space.ts";
import type { Diagram } from "./diagrams.ts";

/**
 * Gives a function that takes out of a base chain's diagram each unknown match on which nothing depends: whether it holds or not, the same
 * is done to a packet, and it is accepted, by a rule or by the policy. What follows an unknown match that fails stays. `accepted` names the
 * terminals of all ways to accept after the same actions alike.
 *
 * @example
 * // `-m recent --set -j ACCEPT` under policy ACCEPT tells no flows apart.
 */
export function openIdlePruner(
  { diagrams }: FlowSpace,
  accepted: (terminal: Diagram) => Diagram,
): (diagram: Diagram) => Diagram {
  const joined = new Map<Diagram, Diagram>();
  const pruned = new Map<Diagram, Diagram>();
  const edit = (diagram: Diagram, memo: Map<Diagram, Diagram>, change: (made: Diagram) => Diagram) => {
    const known = memo.get(diagram);
    if (known !== undefined) return known;
    const made = change(diagram);
    memo.set(diagram, made);
    return made;
  };
  const replaceChildren = (diagram: Diagram, change: (child: Diagram) => Diagram) =>
    diagrams.node(diagrams.variableOf(diagram), diagrams.startsOf(diagram), diagrams.childrenOf(diagram).map(change));
  const joinAccepts = (diagram: Diagram): Diagram =>
    edit(diagram, joined, (one) =>
      diagrams.childrenOf(one).length === 0 ? accepted(one) : replaceChildren(one, joinAccepts),
    );
  const prune = (diagram: Diagram): Diagram => {
    // Unknown matches stand above every fact about packets.
    if (diagrams.variableOf(diagram) >= FIRST_REST) return diagram;
    return edit(diagram, pruned, (one) => {
      const made = replaceChildren(one, prune);
      const variable = diagrams.variableOf(made);
      const [fails, holds] = diagrams.childrenOf(made);
      const isUnknown = variable >= DIMENSION.unknown && variable < FIRST_REST;
      if (!isUnknown || fails === undefined || holds === undefined) return made;
      return joinAccepts(fails) === joinAccepts(holds) ? fails : made;
    });
  };
  return prune;
}
