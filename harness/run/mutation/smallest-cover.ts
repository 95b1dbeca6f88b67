/** Steps of the exact search; beyond them the set that was found by then is given. */
const STEPS_AT_MOST = 5_000;

/** Something that covers some of the things to be covered. */
export interface Cover<T> {
  readonly covers: ReadonlySet<T>;
}

/**
 * Gives a smallest known set of covers that together cover as much as all of them do. It is the smallest possible unless the exact search
 * takes too many steps: then the cover that adds most is taken, again and again. Of equal covers the earlier ones are taken.
 */
export function chooseCovers<T, C extends Cover<T>>(covers: readonly C[]): readonly C[] {
  const useful = dropCovered(covers);
  const greedy = chooseGreedily(useful);
  const search = { best: greedy, steps: STEPS_AT_MOST };
  const wanted = new Set(greedy.flatMap((cover) => [...cover.covers]));
  searchSmaller(useful, wanted, [], search);
  return covers.filter((cover) => search.best.includes(cover));
}

/** Leaves out what covers no more than another one does. */
function dropCovered<T, C extends Cover<T>>(covers: readonly C[]): readonly C[] {
  const bySize = covers.toSorted((one, other) => other.covers.size - one.covers.size);
  const kept: C[] = [];
  for (const cover of bySize)
    if (cover.covers.size > 0 && !kept.some((other) => cover.covers.isSubsetOf(other.covers))) kept.push(cover);
  return kept;
}

function chooseGreedily<T, C extends Cover<T>>(covers: readonly C[]): readonly C[] {
  const chosen: C[] = [];
  let covered: ReadonlySet<T> = new Set();
  for (;;) {
    const gains = covers.map((cover) => cover.covers.difference(covered).size);
    const most = Math.max(0, ...gains);
    const next = covers[gains.indexOf(most)];
    if (most === 0 || next === undefined) return chosen;
    chosen.push(next);
    covered = covered.union(next.covers);
  }
}

/** Branches on what the fewest covers hold: one of them must be chosen. */
function searchSmaller<T, C extends Cover<T>>(
  covers: readonly C[],
  left: ReadonlySet<T>,
  chosen: readonly C[],
  search: { best: readonly C[]; steps: number },
): void {
  if (left.size === 0 && chosen.length < search.best.length) search.best = chosen;
  const largest = Math.max(1, ...covers.map((cover) => cover.covers.intersection(left).size));
  const least = chosen.length + Math.ceil(left.size / largest);
  if (left.size === 0 || least >= search.best.length || search.steps-- <= 0) return;
  const holders = [...left].map((thing) => covers.filter((cover) => cover.covers.has(thing)));
  const fewest = holders.reduce((one, other) => (other.length < one.length ? other : one), covers);
  for (const cover of fewest) searchSmaller(covers, left.difference(cover.covers), [...chosen, cover], search);
}
