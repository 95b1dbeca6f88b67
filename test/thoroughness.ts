/**
 * How much the tests over random or many alike cases do: 1 as `npm test` runs them. `LANDFALL_THOROUGH=10`, as each night, multiplies the
 * random cases by ten, and takes every one of the alike cases.
 */
const FACTOR = Number(process.env["LANDFALL_THOROUGH"] ?? 1);

/** Whether tests take every one of the alike cases. */
export const IS_THOROUGH = FACTOR > 1;

/** Gives the milliseconds after which a test that usually has so many fails: more cases have as much more time. */
export function extendTimeout(usualMs: number): number {
  return usualMs * Math.max(1, FACTOR);
}

const SEED = Number(process.env["LANDFALL_SEED"] ?? 0);

/** Gives how many random cases a test draws that usually draws so many. */
export function countRuns(usual: number): number {
  return Math.ceil(usual * FACTOR);
}

/** Gives every `of`-th of many alike cases, which ones by the seed; all of them in a thorough run. */
export function takeShare<T>(cases: readonly T[], of: number): readonly T[] {
  return IS_THOROUGH ? cases : cases.filter((_, i) => (i + SEED) % of === 0);
}
