/** A set of whole numbers: closed intervals, rising, with gaps between them. */
export type Intervals = readonly (readonly [first: number, last: number])[];

/** Gives the numbers from 0 to `last` that are not in a set: `invertIntervals([[2, 3]], 9)` is `[[0, 1], [4, 9]]`. */
export function invertIntervals(intervals: Intervals, last: number): Intervals {
  const gaps: (readonly [number, number])[] = [];
  let next = 0;
  for (const [first, end] of intervals) {
    if (first > next) gaps.push([next, first - 1]);
    next = end + 1;
  }
  return next <= last ? [...gaps, [next, last]] : gaps;
}

/** Gives the numbers that are in both sets: `[[2, 3]]` of `[[0, 3]]` and `[[2, 9]]`. */
export function intersectIntervals(one: Intervals, other: Intervals): Intervals {
  const both: (readonly [number, number])[] = [];
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    const [[a, b], [c, d]] = [one[i] as readonly [number, number], other[j] as readonly [number, number]];
    if (Math.max(a, c) <= Math.min(b, d)) both.push([Math.max(a, c), Math.min(b, d)]);
    if (b < d) i++;
    else j++;
  }
  return both;
}

/** Gives the numbers of a set that are not in another: `[[0, 1]]` of `[[0, 3]]` without `[[2, 9]]`. */
export function subtractIntervals(from: Intervals, what: Intervals): Intervals {
  const last = from.at(-1)?.[1] ?? -1;
  return intersectIntervals(from, invertIntervals(what, last));
}

/** Gives the set of some intervals in any order, which may touch or overlap: `[[0, 9]]` of `[[4, 9]]` and `[[0, 3]]`. */
export function uniteIntervals(intervals: Intervals): Intervals {
  const united: [number, number][] = [];
  for (const [first, last] of [...intervals].sort((a, b) => a[0] - b[0])) {
    const previous = united.at(-1);
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else united.push([first, last]);
  }
  return united;
}

/** Says whether a number is in a set. */
export function holdsNumber(intervals: Intervals, value: number): boolean {
  return intervals.some(([first, last]) => value >= first && value <= last);
}

/** Says whether two sets have a number in common. */
export function meetIntervals(one: Intervals, other: Intervals): boolean {
  for (let i = 0, j = 0; i < one.length && j < other.length; ) {
    const [[a, b], [c, d]] = [one[i] as readonly [number, number], other[j] as readonly [number, number]];
    if (a <= d && c <= b) return true;
    if (b < d) i++;
    else j++;
  }
  return false;
}

/** Says whether a set holds every number of another; neither may have intervals that touch. */
export function coverIntervals(wide: Intervals, narrow: Intervals): boolean {
  let i = 0;
  for (const [first, last] of narrow) {
    while (i < wide.length && (wide[i] as readonly [number, number])[1] < first) i++;
    const at = wide[i];
    if (at === undefined || at[0] > first || at[1] < last) return false;
  }
  return true;
}
