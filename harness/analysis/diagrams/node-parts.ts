/** The variable of terminals: greater than every variable. */
export const TERMINAL = 0x7fffffff;

/**
 * Mixes a variable and the numbers of two lists from one place to another into a number of 30 bits, as FNV-1a mixes bytes; nodes that share
 * it are compared.
 */
export function hashNode(
  variable: number,
  firsts: readonly number[],
  kids: readonly number[],
  from: number,
  until: number,
): number {
  let hash = Math.imul(variable ^ 0x811c9dc5, 0x01000193);
  for (let i = from; i < until; i++) {
    hash = Math.imul(hash ^ (firsts[i] as number), 0x01000193);
    hash = Math.imul(hash ^ (kids[i] as number), 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash & 0x3fffffff;
}

/** Says whether a list has the numbers, in the same order, that another has from one place to another. */
export function areEqual(some: readonly number[], others: readonly number[], from: number, until: number): boolean {
  if (some.length !== until - from) return false;
  for (let i = 0; i < some.length; i++) if (some[i] !== others[from + i]) return false;
  return true;
}

/** Gives intervals in which neighbours with the same child are one. */
export function joinNeighbours(
  firsts: readonly number[],
  kids: readonly number[],
): readonly [firsts: readonly number[], kids: readonly number[]] {
  if (firsts.length === kids.length && kids.every((kid, i) => i === 0 || kid !== kids[i - 1])) return [firsts, kids];
  const kept = [...kids.keys()].filter((i) => i === 0 || kids[i] !== kids[i - 1]);
  return [kept.map((i) => firsts[i] as number), kept.map((i) => kids[i] as number)];
}

/** Gives where an interval begins; behind the last one is the end of all. Reading beyond a list's end would take V8 many times as long. */
export function startAt(firsts: readonly number[], i: number): number {
  return i < firsts.length ? (firsts[i] as number) : TERMINAL;
}
