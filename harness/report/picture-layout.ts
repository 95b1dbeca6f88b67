import type { PictureEnd, PictureLine, Zone } from "./picture-lines.ts";

/** A box as it is drawn, by its left upper corner. */
export interface PlacedBox {
  readonly end: PictureEnd;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A frame around the boxes of a zone in one column. */
export interface PictureFrame {
  readonly label: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A line as it is drawn: from the right side of a box to the left side of another. */
export interface PlacedLine {
  readonly line: PictureLine;
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number];
}

/** Where everything in a picture stands, in units of its view box. */
export interface PictureLayout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
  readonly frames: readonly PictureFrame[];
  readonly lines: readonly PlacedLine[];
}

const WIDTH = 460;
const MARGIN = 8;
/** Between the upper edge of a frame and its first box is its label. */
const LABEL = 18;
const GAP = 8;
/** The least distance between two lines at a box: the number of flows stands there. */
const STEP = 14;
const COLUMNS = {
  from: { x: MARGIN, width: 116 },
  to: { x: WIDTH - MARGIN - 150, width: 150 },
} as const;
type Side = keyof typeof COLUMNS;
const ZONES: readonly Zone[] = ["outside", "pod", "nowhere"];
const ZONE_LABELS: Readonly<Record<Zone, string>> = { outside: "outside", pod: "pod", nowhere: "no listener" };

/**
 * Gives the layout of a picture's lines: who dials in the left column, where flows land in the right one, and nothing but lines between,
 * so that no line crosses a box. Boxes stand in the order in which their lines cross least.
 */
export function layOut(lines: readonly PictureLine[]): PictureLayout {
  const ends = { from: unique(lines.map(({ from }) => from)), to: unique(lines.map(({ to }) => to)) };
  const to = sortEnds(ends.to, (key) =>
    average(
      lines.filter((line) => keyOf(line.to) === key).map(({ from }) => ends.from.map(keyOf).indexOf(keyOf(from))),
    ),
  );
  const from = sortEnds(ends.from, (key) =>
    average(lines.filter((line) => keyOf(line.from) === key).map((line) => to.map(keyOf).indexOf(keyOf(line.to)))),
  );
  const columns = { from: placeColumn("from", from, lines), to: placeColumn("to", to, lines) };
  return {
    width: WIDTH,
    height: Math.max(columns.from.bottom, columns.to.bottom),
    boxes: [...columns.from.boxes, ...columns.to.boxes],
    frames: [...columns.from.frames, ...columns.to.frames],
    lines: placeLines(lines, columns.from.boxes, columns.to.boxes),
  };
}

function keyOf(end: PictureEnd): string {
  return JSON.stringify(end);
}

function unique(ends: readonly PictureEnd[]): readonly PictureEnd[] {
  return sortEnds([...new Map(ends.map((end) => [keyOf(end), end])).values()], () => 0);
}

function sortEnds(ends: readonly PictureEnd[], weigh: (key: string) => number): readonly PictureEnd[] {
  return ends.toSorted((a, b) => ZONES.indexOf(a.zone) - ZONES.indexOf(b.zone) || weigh(keyOf(a)) - weigh(keyOf(b)));
}

function average(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / Math.max(numbers.length, 1);
}

function placeColumn(side: Side, ends: readonly PictureEnd[], lines: readonly PictureLine[]) {
  const { x, width } = COLUMNS[side];
  const boxes: PlacedBox[] = [];
  const frames: PictureFrame[] = [];
  let y = MARGIN;
  for (const [zone, group] of Map.groupBy(ends, (end) => end.zone)) {
    const top = y;
    y += LABEL;
    for (const end of group) {
      const count = lines.filter((line) => keyOf(line[side]) === keyOf(end)).length;
      const height = Math.max(end.note === "" ? 26 : 36, count * STEP + 4);
      boxes.push({ end, x: x + GAP, y, width: width - 2 * GAP, height });
      y += height + GAP;
    }
    frames.push({ label: ZONE_LABELS[zone], x, y: top, width, height: y - top });
    y += GAP;
  }
  return { boxes, frames, bottom: y };
}

/** Lines leave and reach a box one below the other, in the order of their other ends. */
function placeLines(
  lines: readonly PictureLine[],
  starts: readonly PlacedBox[],
  ends: readonly PlacedBox[],
): readonly PlacedLine[] {
  const find = (boxes: readonly PlacedBox[], end: PictureEnd) => boxes.find((box) => keyOf(box.end) === keyOf(end));
  const anchor = (line: PictureLine, side: Side): number => {
    const [own, others] = side === "from" ? [starts, ends] : [ends, starts];
    const other = side === "from" ? "to" : "from";
    const box = find(own, line[side]);
    const alike = lines
      .filter((each) => keyOf(each[side]) === keyOf(line[side]))
      .toSorted((a, b) => (find(others, a[other])?.y ?? 0) - (find(others, b[other])?.y ?? 0));
    return box === undefined ? 0 : box.y + (box.height * (alike.indexOf(line) + 0.5)) / alike.length;
  };
  return lines.map((line) => ({
    line,
    from: [COLUMNS.from.x + COLUMNS.from.width - GAP, anchor(line, "from")],
    to: [COLUMNS.to.x + GAP, anchor(line, "to")],
  }));
}
