import { distance } from "fastest-levenshtein";

/** How many letters may be wrong, missing or too many; two swapped ones are two. */
const MISTAKES_AT_MOST = 2;

/**
 * Gives the names that somebody who typed `word` may have meant, the nearest alone: `verfy` gives `["verify"]`. Order is kept. A name
 * differs in two letters at most, and in a third of the word's; none where no name is that near.
 */
export function findNearNames(word: string, names: readonly string[]): readonly string[] {
  const bound = Math.min(MISTAKES_AT_MOST, Math.ceil(word.length / 3));
  // A letter more or less is a mistake: a name of another length needs no closer look.
  const isNear = (name: string) => Math.abs(name.length - word.length) <= bound;
  const distances = names.map((name) => (isNear(name) ? distance(word, name) : Number.POSITIVE_INFINITY));
  const least = Math.min(...distances);
  return least > bound ? [] : names.filter((_, i) => distances[i] === least);
}

/** Gives all names, those first that differ from `word` in the fewest letters; names that differ in as many keep their order. */
export function rankByMistakes(word: string, names: readonly string[]): readonly string[] {
  const mistakes = new Map(names.map((name) => [name, distance(word, name)]));
  return names.toSorted((one, other) => (mistakes.get(one) ?? 0) - (mistakes.get(other) ?? 0));
}
