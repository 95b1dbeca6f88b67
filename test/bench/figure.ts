/** One figure of the bench. */
export interface Figure {
  readonly what: string;
  /** With its unit, or a ratio with what it is a ratio to. */
  readonly value: string;
  /** What it is to reach; empty where it only stands for comparison. */
  readonly target: string;
  /** `beside`: only for comparison. */
  readonly reached: "reached" | "missed" | "beside";
}

/** Gives a figure that is to be at most (or, with `at-least`, at least) `target`. */
export function makeFigure(
  what: string,
  value: number,
  unit: string,
  target: number | null = null,
  direction: "at-most" | "at-least" = "at-most",
): Figure {
  const text = (number: number) =>
    `${number >= 100 ? Math.round(number).toLocaleString("en") : Number(number.toPrecision(3))} ${unit}`;
  if (target === null) return { what, value: text(value), target: "", reached: "beside" };
  const isReached = direction === "at-most" ? value <= target : value >= target;
  const sign = direction === "at-most" ? "≤" : "≥";
  return { what, value: text(value), target: `${sign} ${text(target)}`, reached: isReached ? "reached" : "missed" };
}

/** Gives a figure as a line of text. */
export function renderFigure({ what, value, target, reached }: Figure): string {
  const mark = { reached: "✓", missed: "✗", beside: " " }[reached];
  return `${mark} ${what.padEnd(66)} ${value.padStart(16)}  ${target}`.trimEnd();
}

/** Gives the middle of some numbers. */
export function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
