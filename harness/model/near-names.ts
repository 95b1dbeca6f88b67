/** How many letters may be wrong, missing or too many; two swapped ones are two. */
const MISTAKES_AT_MOST = 2;

/**
 * Gives the names that somebody who typed `word` may have meant, the nearest alone: `verfy` gives `["verify"]`. Order is kept. A name
 * differs in two letters at most, and in a third of the word's; none where no name is that near.
 */
export function findNearNames(word: string, names: readonly string[]): readonly string[] {
  const bound = Math.min(MISTAKES_AT_MOST, Math.ceil(word.length / 3));
  // A letter more or less is a mistake, and one mistake changes which letters there are by two at most: most names need no closer look.
  const letters = lettersOf(word);
  const isNear = (name: string) =>
    Math.abs(name.length - word.length) <= bound && countBits(letters ^ lettersOf(name)) <= 2 * bound;
  const distances = names.map((name) => (isNear(name) ? countMistakes(word, name) : Number.POSITIVE_INFINITY));
  const least = Math.min(...distances);
  return least > bound ? [] : names.filter((_, i) => distances[i] === least);
}

/** Gives all names, those first that differ from `word` in the fewest letters; names that differ in as many keep their order. */
export function rankByMistakes(word: string, names: readonly string[]): readonly string[] {
  const mistakes = new Map(names.map((name) => [name, countMistakes(word, name)]));
  return names.toSorted((one, other) => (mistakes.get(one) ?? 0) - (mistakes.get(other) ?? 0));
}

/** Gives the letters of a word as bits; some letters share one. */
function lettersOf(word: string): number {
  let bits = 0;
  for (let i = 0; i < word.length; i++) bits |= 1 << (word.charCodeAt(i) & 31);
  return bits;
}

function countBits(bits: number): number {
  let count = 0;
  for (let left = bits; left !== 0; left &= left - 1) count++;
  return count;
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
