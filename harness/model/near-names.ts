/** How many letters may be wrong, missing or too many; two swapped ones are two. */
const MISTAKES_AT_MOST = 2;

/** Gives the names that somebody who typed `word` may have meant, the nearest alone: `verfy` gives `["verify"]`. Order is kept. */
export function findNearNames(word: string, names: readonly string[]): readonly string[] {
  const bound = Math.min(MISTAKES_AT_MOST, Math.ceil(word.length / 3));
  // Each letter more or less is a mistake of its own: names of another length need no closer look.
  const isNear = (name: string) => Math.abs(name.length - word.length) <= bound;
  const distances = names.map((name) => (isNear(name) ? countMistakes(word, name) : Number.POSITIVE_INFINITY));
  const least = Math.min(...distances);
  return least > bound ? [] : names.filter((_, i) => distances[i] === least);
}

/** The Levenshtein distance: how many letters must be put in, taken out or changed. */
function countMistakes(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...to].entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
