import type { GlanceRow } from "../../analysis/join-ways.ts";
import { greatestOf } from "../../model/greatest.ts";
import { countCells, padCells } from "../../report/cells.ts";
import { wrapLine } from "../../report/wrap-line.ts";

const GAP = 2;
/** Cells that may be broken between words, in the order in which room is taken from them: the third stays whole. */
const BREAKABLE = ["fourth", "who", "way"] as const;
/** The least room of a cell that is broken. */
const LEAST = 12;
/** A line of a table about ways: whence and where to, who goes there, and two things that are said of them. */
export interface WayLine {
  readonly way: string;
  readonly who: string;
  readonly third: string;
  readonly fourth: string;
}

/** Gives a table as wide as the display; what does not fit it stands beneath each other, `between` the third cell and the fourth. */
export function renderWays(
  head: WayLine,
  lines: readonly WayLine[],
  { columns, between }: { readonly columns: number; readonly between: string },
): string {
  const widths = chooseWidths([head, ...lines], columns);
  const body = lines.map((line, i) => {
    const shown = lines[i - 1]?.way === line.way ? { ...line, way: "" } : line;
    return widths === null ? stackLine(shown, columns, between) : renderLine(shown, widths);
  });
  return [...(widths === null ? [] : [renderLine(head, widths)]), ...body].join("\n");
}

/** Gives a way in words, with what is not IPv4 and TCP: `IPv6 pod → elsewhere, UDP`. */
export function describeWay({ family, protocol, from, to }: GlanceRow): string {
  const isPeers = from.includes("outside") && from.includes("upstream");
  const starts = isPeers ? from.filter((name) => name !== "upstream") : from;
  const way = `${starts.join(", ")} → ${to.join(", ")}${protocol === "tcp" ? "" : `, ${protocol.toUpperCase()}`}`;
  return family === 6 ? `IPv6 ${way}` : way;
}

interface Widths extends Readonly<Record<keyof WayLine, number>> {
  /** Cells between the third and the fourth. */
  readonly lastGap: number;
}

/** Gives the width of each column; null where a table does not fit, however its cells are broken. */
function chooseWidths(lines: readonly WayLine[], columns: number): Widths | null {
  const widest = (key: keyof WayLine, some: readonly WayLine[]) =>
    greatestOf(some.map((line) => countCells(line[key])));
  const longestWord = (key: keyof WayLine, some: readonly WayLine[]) =>
    greatestOf(some.flatMap((line) => line[key].split(" ").map(countCells)));
  const whole = {
    way: widest("way", lines),
    who: widest("who", lines),
    third: widest("third", lines),
    fourth: widest("fourth", lines),
  };
  if (excessOf(whole, columns) <= 0) return { ...whole, lastGap: GAP };
  // Where everybody goes a way alike, its name has the room of both.
  const divided = lines.filter(({ who }) => who !== "all");
  const of = (key: keyof WayLine) => (key === "way" ? divided : lines);
  const widths = { ...whole, way: widest("way", divided) };
  let excess = excessOf(widths, columns);
  // Better one cell narrower than a line more.
  if (excess === 1) return { ...widths, lastGap: GAP - 1 };
  for (const key of BREAKABLE) {
    const least = Math.max(LEAST, longestWord(key, of(key)));
    const given = Math.max(Math.min(excess, widths[key] - least), 0);
    widths[key] -= given;
    excess -= given;
  }
  return excess > 0 ? null : { ...widths, lastGap: GAP };
}

/** Gives how many columns of the display are missing. */
function excessOf({ way, who, third, fourth }: Readonly<Record<keyof WayLine, number>>, columns: number): number {
  return way + who + third + fourth + 3 * GAP - columns;
}

/** On a narrow display a row's cells stand beneath each other. */
function stackLine({ way, who, third, fourth }: WayLine, columns: number, between: string): string {
  const cells = [
    [way, 0],
    [who, 2],
    [`${third}${between}${fourth}`, 4],
  ] as const;
  return cells
    .filter(([text]) => text !== "")
    .map(([text, indent]) => wrapLine(" ".repeat(indent) + text, indent + 2, columns))
    .join("\n");
}

/** Says of one way that all flows go it alike; a list of ways says so itself. */
function nameWhole(way: string, width: number): string {
  const named = `${way}${" ".repeat(GAP)}all`;
  return way.includes(",") || countCells(named) > width ? way : named;
}

function renderLine({ way, who, third, fourth }: WayLine, widths: Widths): string {
  const both = widths.way + GAP + widths.who;
  const cells: readonly (readonly [text: string, width: number])[] =
    who === "all" && countCells(way) > widths.way
      ? [
          [nameWhole(way, both), both],
          [third, widths.third],
          [fourth, widths.fourth],
        ]
      : [
          [way, widths.way],
          [who, widths.who],
          [third, widths.third],
          [fourth, widths.fourth],
        ];
  const broken = cells.map(([text, width]) => wrapLine(text, 0, width).split("\n"));
  const height = Math.max(...broken.map((lines) => lines.length));
  return Array.from({ length: height }, (_, i) =>
    cells
      .map(([, width], column) => {
        const gap = column === cells.length - 2 ? widths.lastGap : GAP;
        return padCells(broken[column]?.[i] ?? "", width + gap);
      })
      .join("")
      .trimEnd(),
  ).join("\n");
}
