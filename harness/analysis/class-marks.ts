import type { Diagram, Diagrams } from "./diagrams/diagrams.ts";
import { FIRST_REST, type FlowSpace } from "./flows/flow-space.ts";

/** Where a node is somebody's child: its parents, and at which branch of each. */
type Parents = ReadonlyMap<Diagram, readonly (readonly [parent: Diagram, branch: number])[]>;

/** Each diagram's parents, found once: a map asks about each of its classes. */
const KNOWN = new WeakMap<Diagrams, Map<Diagram, Parents>>();

/**
 * Gives a diagram that is `in` for the flows of a class, those that come to one of `terminals`, and `out` for all others. What tells flows
 * of the class apart is not in it any more. Only what lies between the root and these terminals is looked at, so that all classes of a
 * diagram together take little more than one.
 */
export function markClass(root: Diagram, terminals: ReadonlySet<Diagram>, { diagrams }: FlowSpace): Diagram {
  const [inside, out] = [diagrams.terminal("in"), diagrams.terminal("out")];
  const parents = findParents(root, diagrams);
  const made = new Map<Diagram, Diagram>();
  // By parent, the branches that lead to the class.
  const branches = new Map<Diagram, number[]>();
  const above: Diagram[] = [];
  const climb = (from: Diagram) => {
    for (const [parent, branch] of parents.get(from) ?? []) {
      const known = branches.get(parent);
      if (known) known.push(branch);
      else {
        branches.set(parent, [branch]);
        above.push(parent);
      }
    }
  };
  for (const terminal of terminals) {
    if (!parents.has(terminal)) continue;
    made.set(terminal, inside);
    climb(terminal);
  }
  // What climbing adds is climbed from, too.
  for (const node of above) climb(node);
  for (const node of above.sort((a, b) => diagrams.variableOf(b) - diagrams.variableOf(a)))
    made.set(node, rebuild(node, branches.get(node) ?? [], made, out, diagrams));
  return made.get(root) ?? out;
}

/** Makes a node whose other branches are `out`. */
function rebuild(
  node: Diagram,
  branches: number[],
  made: ReadonlyMap<Diagram, Diagram>,
  out: Diagram,
  diagrams: Diagrams,
): Diagram {
  const [starts, children] = [diagrams.startsOf(node), diagrams.childrenOf(node)];
  const firsts: number[] = [];
  const kids: Diagram[] = [];
  let next = 0;
  for (const branch of branches.sort((a, b) => a - b)) {
    if (branch > next) {
      firsts.push(starts[next] ?? 0);
      kids.push(out);
    }
    firsts.push(starts[branch] ?? 0);
    kids.push(made.get(children[branch] ?? out) ?? out);
    next = branch + 1;
  }
  if (next < children.length) {
    firsts.push(starts[next] ?? 0);
    kids.push(out);
  }
  return diagrams.node(diagrams.variableOf(node), firsts, kids);
}

function findParents(root: Diagram, diagrams: Diagrams): Parents {
  const known = KNOWN.get(diagrams) ?? new Map<Diagram, Parents>();
  KNOWN.set(diagrams, known);
  const own = known.get(root);
  if (own) return own;
  const parents = new Map<Diagram, (readonly [Diagram, number])[]>([[root, []]]);
  // The map gives what is added to it on the way, too.
  for (const node of parents.keys()) {
    if (diagrams.variableOf(node) >= FIRST_REST) continue;
    for (const [branch, child] of diagrams.childrenOf(node).entries()) {
      const found = parents.get(child);
      if (found) found.push([node, branch]);
      else parents.set(child, [[node, branch]]);
    }
  }
  known.set(root, parents);
  return parents;
}
