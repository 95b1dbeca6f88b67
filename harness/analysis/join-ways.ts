import type { Family } from "../model/address.ts";
import type { FlowProtocol } from "../model/flow.ts";
import { type RulePlace, renderPlaceKey } from "../model/rule-place.ts";

/** One line of the map at a glance: flows of one way that land alike. */
export interface GlanceRow {
  readonly family: Family;
  readonly protocol: FlowProtocol;
  /** Where they start: `pod`, `outside`; several where their flows land alike. */
  readonly from: readonly string[];
  /** Where they are headed: `elsewhere`, `loopback`; several where their flows land alike. */
  readonly to: readonly string[];
  /** Which of these flows: `uid 1337 or gid 1337`, `all`, `all others`. */
  readonly who: string;
  /** Where they land: `envoy-inbound:15006`, `as dialled`. */
  readonly kind: string;
  /** The rules that decide it, each once; empty where no rule does. */
  readonly deciding: readonly RulePlace[];
  /** Present where some of these ways end so without any rule, and `deciding` are the rules of the others: the first way, or later ones. */
  readonly withoutRule?: "first" | "later";
}

/** Who has no row of its own. */
export const OTHERS = "all others";

/** Joins ways to the same end, or from the same start, whose rows say the same. */
export function joinWays<Row extends GlanceRow>(rows: readonly Row[]): readonly Row[] {
  const ways = [
    ...Map.groupBy(rows, ({ family, protocol, from, to }) => JSON.stringify([family, protocol, from, to])).values(),
  ];
  return joinAlike(joinAlike(ways, "from", "to"), "to", "from").flat();
}

function joinAlike<Row extends GlanceRow>(
  ways: readonly (readonly Row[])[],
  joined: "from" | "to",
  same: "from" | "to",
): readonly (readonly Row[])[] {
  // Where all flows of a way land alike, each rule that decides stands in the one row; of several rows nobody could tell which is whose.
  const decidingOf = ({ who, deciding }: Row) => (who === "all" ? null : deciding);
  const keyOf = (way: readonly Row[]) =>
    JSON.stringify(way.map((row) => [row.family, row.protocol, row[same], row.who, row.kind, decidingOf(row)]));
  return [...Map.groupBy(ways, keyOf).values()].map((alike) => {
    const [first = []] = alike;
    const ends = [...new Set(alike.flatMap((way) => way[0]?.[joined] ?? []))];
    // Exceptions are read first.
    return first
      .map((row, i) => ({ ...row, [joined]: ends, ...joinDeciding(alike.flatMap((way) => way[i] ?? [])) }))
      .toSorted((a, b) => Number(a.who === OTHERS) - Number(b.who === OTHERS));
  });
}

function joinDeciding(rows: readonly GlanceRow[]): Pick<GlanceRow, "deciding" | "withoutRule"> {
  const deciding = dropRepeated(rows.flatMap((row) => row.deciding));
  const free = rows.findIndex((row) => row.deciding.length === 0 || row.withoutRule !== undefined);
  if (free === -1 || deciding.length === 0) return { deciding };
  const isFirst = rows[0]?.deciding.length === 0 || rows[0]?.withoutRule === "first";
  return { deciding, withoutRule: isFirst ? "first" : "later" };
}

/** Gives places, each once, in the order in which they first come. */
export function dropRepeated(places: readonly RulePlace[]): readonly RulePlace[] {
  return [...new Map(places.map((place) => [renderPlaceKey(place), place])).values()];
}
