import type { Glance, GlanceRow } from "../../analysis/map-glance.ts";
import type { FlowSet } from "../../model/flow-set.ts";
import { type PodRules, placeInFile, type RulePlace, renderOrigin } from "../../model/ruleset.ts";
import { countCells, padCells } from "../../report/cells.ts";
import { wrapLine } from "../../report/wrap-line.ts";
import { analysedProtocols, nameProtocols } from "../arguments/restriction.ts";
import type { Display } from "../command.ts";
import { chooseColumns } from "./text-columns.ts";

const GAP = 2;
const HEAD = ["from → to", "who and which ports", "lands on", "decided by"] as const;
/** Cells that may be broken between words, in the order in which room is taken from them: landings stay whole. */
const BREAKABLE = ["rule", "who", "way"] as const;
/** The least room of a cell that is broken. */
const LEAST = 12;
/** Rules of one row that are named one by one. */
const RULES_AT_MOST = 3;

interface Line {
  readonly way: string;
  readonly who: string;
  readonly kind: string;
  readonly rule: string;
}

/**
 * Gives the maps of all families at a glance, a row for each kind of landing: the way, who goes it, where it ends, and the rule that
 * decides, with its line where the rules came from a file.
 */
export function renderGlance(
  glances: readonly Glance[],
  rules: PodRules,
  { display, within }: { readonly display: Pick<Display, "columns">; readonly within?: FlowSet | undefined },
): string {
  const columns = chooseColumns(display);
  const rows = glances.flatMap((glance) => glance.rows);
  const named = new Set(rows.map(({ family }) => family)).size > 1 ? "family" : "no-family";
  const lines = rows.map((row): Line => ({ ...row, way: describeWay(row, named), rule: describeRules(row, rules) }));
  const head: Line = { way: HEAD[0], who: HEAD[1], kind: HEAD[2], rule: HEAD[3] };
  const widths = chooseWidths([head, ...lines], columns);
  const body = lines.map((line, i) => {
    const shown = lines[i - 1]?.way === line.way ? { ...line, way: "" } : line;
    return widths === null ? stackLine(shown, columns) : renderLine(shown, widths);
  });
  const heading = widths === null ? [] : [renderLine(head, widths)];
  return `${[...heading, ...body].join("\n")}\n${wrapLine(describeRest(glances, within), 0, columns)}\n`;
}

function describeRest(glances: readonly Glance[], within: FlowSet | undefined): string {
  const named = nameProtocols(analysedProtocols(within));
  return glances.every(({ isComplete }) => isComplete)
    ? `Every ${named} flow that can reach the rules is in one row; --all gives examples.`
    : `Not shown: ${named} flows of sockets that are bound to an address; --all adds them.`;
}

function describeWay({ family, protocol, from, to }: GlanceRow, named: "family" | "no-family"): string {
  const isPeers = from.includes("outside") && from.includes("upstream");
  const starts = isPeers ? from.filter((name) => name !== "upstream") : from;
  const way = `${starts.join(", ")} → ${to.join(", ")}${protocol === "udp" ? ", UDP" : ""}`;
  return named === "family" && family === 6 ? `IPv6 ${way}` : way;
}

function describeRules({ deciding }: GlanceRow, rules: PodRules): string {
  if (deciding.length === 0) return "no rule";
  const chains = Map.groupBy(deciding, ({ table, chain }) => `${table === "nat" ? "" : `${table} `}${chain}`);
  return [...chains].map(([chain, places]) => `${chain} ${describePlaces(places, rules)}`).join(", ");
}

function describePlaces(places: readonly RulePlace[], rules: PodRules): string {
  const inOrder = places.toSorted((a, b) => a.index - b.index);
  const texts = inOrder.map((place) => {
    const origin = renderOrigin(placeInFile(place, rules));
    return origin === null ? String(place.index) : `${place.index} (${origin})`;
  });
  const rest = texts.length > RULES_AT_MOST ? ` and ${texts.length - RULES_AT_MOST} more` : "";
  return `${texts.slice(0, RULES_AT_MOST).join(", ")}${rest}`;
}

type Widths = Readonly<Record<keyof Line, number>>;

/** Gives the width of each column; null where a table does not fit, however its cells are broken. */
function chooseWidths(lines: readonly Line[], columns: number): Widths | null {
  const widest = (key: keyof Line, some: readonly Line[]) => Math.max(...some.map((line) => countCells(line[key])));
  const longestWord = (key: keyof Line, some: readonly Line[]) =>
    Math.max(...some.flatMap((line) => line[key].split(" ").map(countCells)));
  // Where everybody goes a way alike, its name has the room of both.
  const divided = lines.filter(({ who }) => who !== "all");
  const of = (key: keyof Line) => (key === "way" ? divided : lines);
  const widths = {
    way: widest("way", of("way")),
    who: widest("who", lines),
    kind: widest("kind", lines),
    rule: widest("rule", lines),
  };
  let excess = widths.way + widths.who + widths.kind + widths.rule + 3 * GAP - columns;
  for (const key of BREAKABLE) {
    const least = Math.max(LEAST, longestWord(key, of(key)));
    const given = Math.max(Math.min(excess, widths[key] - least), 0);
    widths[key] -= given;
    excess -= given;
  }
  return excess > 0 ? null : widths;
}

/** On a narrow display a row's cells stand beneath each other. */
function stackLine({ way, who, kind, rule }: Line, columns: number): string {
  const cells = [
    [way, 0],
    [who, 2],
    [`${kind}, by ${rule}`, 4],
  ] as const;
  return cells
    .filter(([text]) => text !== "")
    .map(([text, indent]) => wrapLine(" ".repeat(indent) + text, indent + 2, columns))
    .join("\n");
}

function renderLine({ way, who, kind, rule }: Line, widths: Widths): string {
  const both = widths.way + GAP + widths.who;
  const cells: readonly (readonly [text: string, width: number])[] =
    who === "all" && countCells(way) > widths.way
      ? [
          [way, both],
          [kind, widths.kind],
          [rule, widths.rule],
        ]
      : [
          [way, widths.way],
          [who, widths.who],
          [kind, widths.kind],
          [rule, widths.rule],
        ];
  const broken = cells.map(([text, width]) => wrapLine(text, 0, width).split("\n"));
  const height = Math.max(...broken.map((lines) => lines.length));
  return Array.from({ length: height }, (_, i) =>
    cells
      .map(([, width], column) => padCells(broken[column]?.[i] ?? "", width))
      .join(" ".repeat(GAP))
      .trimEnd(),
  ).join("\n");
}
