import type { Diagram, Diagrams } from "./diagrams.ts";
import { foldBalanced } from "./fold-balanced.ts";
import { TERMINAL } from "./node-parts.ts";

/** How diagrams are folded: `join` is associative, and `neutral`, a terminal, leaves what it is joined with as it is. */
export interface Folding {
  readonly join: (first: Diagram, second: Diagram) => Diagram;
  readonly neutral: Diagram;
}

/**
 * Folds diagrams as {@link foldBalanced} does. Neighbours that are neutral but for a few intervals of one variable, as rules on different
 * addresses are, become one node at once where their intervals lie beside each other or are the same: a fold in pairs would copy each
 * interval once for each time that the number of diagrams can be halved. Few diagrams are folded in the same way, so that tests which look
 * at small rule sets flow by flow are about large ones too.
 */
export function foldBeside(items: readonly Diagram[], diagrams: Diagrams, folding: Folding): Diagram | undefined {
  const folded: Diagram[] = [];
  for (let from = 0; from < items.length; ) {
    const variable = diagrams.variableOf(items[from] as Diagram);
    let until = from + 1;
    while (until < items.length && diagrams.variableOf(items[until] as Diagram) === variable) until++;
    const run = items.slice(from, until);
    // Terminals have no intervals: they hold everywhere.
    const beside = run.length === 1 || variable === TERMINAL ? null : placeBeside(run, variable, diagrams, folding);
    // A call takes no hundred thousand arguments.
    for (const one of beside === null ? run : [beside]) folded.push(one);
    from = until;
  }
  return foldBalanced(folded, folding.join);
}

/** Gives the diagram of some with one first variable; null where their intervals overlap, or are not few. */
function placeBeside(run: readonly Diagram[], variable: number, diagrams: Diagrams, folding: Folding): Diagram | null {
  const { neutral } = folding;
  const pieces = listPieces(run, diagrams, neutral);
  if (pieces === null) return null;
  const [starts, children]: [number[], Diagram[]] = [[], []];
  let open = 0;
  for (let i = 0; i < pieces.length; ) {
    const { start, stop } = pieces[i] as Piece;
    if (start < open) return null;
    const own: Diagram[] = [];
    for (; pieces[i]?.start === start; i++) {
      const { stop: end, child } = pieces[i] as Piece;
      if (end !== stop) return null;
      own.push(child);
    }
    if (start > open) {
      starts.push(open);
      children.push(neutral);
    }
    starts.push(start);
    children.push(foldBeside(own, diagrams, folding) ?? neutral);
    open = stop;
  }
  if (open < Number.POSITIVE_INFINITY) {
    starts.push(open);
    children.push(neutral);
  }
  return diagrams.node(variable, starts, children);
}

/** An interval in which a diagram is not neutral: from `start` to the value before `stop`. */
interface Piece {
  readonly start: number;
  readonly stop: number;
  readonly child: Diagram;
}

/** Gives the intervals of some diagrams by their starts, those of one start in the diagrams' order; null where they are not few. */
function listPieces(run: readonly Diagram[], diagrams: Diagrams, neutral: Diagram): readonly Piece[] | null {
  const pieces: Piece[] = [];
  for (const diagram of run) {
    const starts = diagrams.startsOf(diagram);
    const children = diagrams.childrenOf(diagram);
    for (let i = 0; i < starts.length; i++) {
      const child = children[i] as Diagram;
      if (child === neutral) continue;
      pieces.push({ start: starts[i] as number, stop: starts[i + 1] ?? Number.POSITIVE_INFINITY, child });
    }
    if (pieces.length > FEW * run.length) return null;
  }
  return pieces.every(({ start }, i) => i === 0 || (pieces[i - 1] as Piece).start <= start)
    ? pieces
    : pieces.toSorted((one, other) => one.start - other.start);
}

/** The intervals that a diagram may have on average. */
const FEW = 4;
