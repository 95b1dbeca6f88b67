/**
 * Gives the greatest of some numbers from 0, and 0 where there are none. There may be any number of them: as arguments of `Math.max` more
 * than about a hundred thousand are too many for the stack.
 *
 * @example
 * greatestOf([3, 12, 7]) // 12
 */
export function greatestOf(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0);
}
