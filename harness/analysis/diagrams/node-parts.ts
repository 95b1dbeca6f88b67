/** Mixes numbers into one of 30 bits, as FNV-1a mixes bytes; nodes that share it are compared. */
export function hashNode(variable: number, firsts: readonly number[], kids: readonly number[]): number {
  let hash = Math.imul(variable ^ 0x811c9dc5, 0x01000193);
  for (let i = 0; i < kids.length; i++) {
    hash = Math.imul(hash ^ (firsts[i] as number), 0x01000193);
    hash = Math.imul(hash ^ (kids[i] as number), 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash & 0x3fffffff;
}

/** Says whether two lists have the same numbers in the same order. */
export function areEqual(some: readonly number[], others: readonly number[]): boolean {
  if (some.length !== others.length) return false;
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false;
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
