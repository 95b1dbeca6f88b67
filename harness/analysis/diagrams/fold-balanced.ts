/** Folds diagrams two by two, so that each takes part in few combinations; a fold from one end would take their number squared. */
export function foldBalanced<T>(items: readonly T[], join: (first: T, second: T) => T): T | undefined {
  let level = items;
  while (level.length > 1) {
    const next: T[] = [];
    for (let i = 0; i < level.length; i += 2) {
      const [first, second] = [level[i] as T, level[i + 1]];
      next.push(second === undefined ? first : join(first, second));
    }
    level = next;
  }
  return level[0];
}
