import type { Family } from "../model/address.ts";
import { greatestOf } from "../model/greatest.ts";
import type { RulePlace } from "../model/rule-place.ts";
import type { PodRules } from "../model/ruleset.ts";
import { describeBriefly } from "./brief-class.ts";
import { sampleParts } from "./class-parts.ts";
import type { Diagram } from "./diagrams/diagrams.ts";
import { type ClassifiedLane, classifyEachLane, type FlowClass } from "./flows/flow-classes.ts";
import type { Lane } from "./flows/lane.ts";
import type { AnalysisSetting } from "./flows/partition.ts";
import { joinSocketRows, type LaneRows } from "./flows/socket-rows.ts";
import { dropRepeated, type GlanceRow, joinWays, OTHERS } from "./join-ways.ts";
import { openLoneTranslations } from "./lone-translations.ts";
import { UNTOUCHED } from "./pod/abstract-landing.ts";

/** A map at a glance, and what it leaves out. */
export interface Glance {
  readonly rows: readonly GlanceRow[];
  /** Whether every flow is in a row; otherwise those of sockets that are bound to an address are in none. */
  readonly isComplete: boolean;
  /** Whether the landing of every class is known, those left out too. */
  readonly isKnown: boolean;
}

/**
 * Gives the complete table of one family in as few rows as it takes: sockets that are bound to an address are left out, a proxy's own
 * listener that is dialled itself is counted with the flows that land as dialled or on that listener, ways whose flows land alike are one,
 * by whatever rules where each of them is one row.
 * Every row says exactly which flows it is about; `all others` are those of its ends that no row names. Throws `budget-exceeded` rather
 * than give a part.
 *
 * @example
 * glanceFlows(rules, 4, setting).rows[1]
 * // { family: 4, protocol: "tcp", from: ["pod"], to: ["elsewhere"], who: "all others", kind: "envoy-outbound:15001",
 * //   deciding: [{ family: 4, table: "nat", chain: "ISTIO_REDIRECT", index: 1, rule: "-A ISTIO_REDIRECT …" }] }
 */
export function glanceFlows(rules: PodRules, family: Family, setting: AnalysisSetting): Glance {
  const shown: LaneRows<LaneRow>[] = [];
  const isLone = openLoneTranslations(rules, family);
  let [isComplete, isKnown] = [true, true];
  for (const classified of classifyEachLane(rules, family, setting)) {
    const { lane, classes, land } = classified;
    if (lane.binding === "route") shown.push({ lane, rows: glanceLane(classified, isLone) });
    else isComplete = false;
    isKnown &&= classes.every((flowClass) => land(flowClass, "answer").kind !== "could-not-look");
  }
  const rows = joinSocketRows(
    shown,
    ({ who, kind }) => (who === null ? null : JSON.stringify([who, kind])),
    ([first, ...others]) => ({ ...first, socket: others.length > 0 ? "" : first.socket }),
  );
  return {
    rows: joinWays([...Map.groupBy(rows, ({ lane }) => lane.road).values()].flatMap((way) => nameRows(way, family))),
    isComplete,
    isKnown,
  };
}

interface LaneRow extends Pick<GlanceRow, "kind" | "deciding"> {
  readonly lane: Lane;
  /** What the lane says of sockets: `marked 0x1`; empty for plain ones. */
  readonly socket: string;
  /** Null where it would take too many words. */
  readonly who: string | null;
  readonly place: "only" | "named" | "rest";
}

function glanceLane(classified: ClassifiedLane, isLone: (place: RulePlace) => boolean): readonly LaneRow[] {
  const { lane, diagram, space, explain } = classified;
  // Flows of one class are translated alike: all of them by the one rule that translates so.
  const mayVary = (flowClass: FlowClass) => {
    const { deciding } = explain(flowClass, "answer");
    return deciding === null || !isLone(deciding);
  };
  const groups = joinOwnListeners(groupByKind(classified), (terminals) =>
    describeBriefly(diagram, terminals, lane, space),
  );
  const described = groups.map(({ kind, members }) => ({
    kind,
    who: describeBriefly(diagram, terminalsOf(members), lane, space),
    deciding: listDeciding(
      [...members, ...sampleParts(members.filter(mayVary), classified).map((witness) => ({ witness }))],
      classified,
    ),
  }));
  const longest = greatestOf(described.map(({ who }) => who?.length ?? Number.POSITIVE_INFINITY));
  const rest = described.find(({ who }) => (who?.length ?? Number.POSITIVE_INFINITY) === longest);
  const socket = lane.name.slice(lane.road.length).replace(/^, /, "");
  const rows = described.map((row): LaneRow => {
    const place = described.length === 1 ? "only" : row === rest ? "rest" : "named";
    return { ...row, lane, socket, place };
  });
  return rows.toSorted((a, b) => Number(a.place === "rest") - Number(b.place === "rest"));
}

interface KindGroup {
  readonly kind: string;
  readonly members: readonly FlowClass[];
}

/** What a class takes for granted of unknown matches stands in its own words (`port 80, where limit rate 5/second`). */
function groupByKind({ classes, explain }: ClassifiedLane): readonly KindGroup[] {
  // The rules that decide are asked for later, and tell the kind as well.
  return [...Map.groupBy(classes, (flowClass) => explain(flowClass, "answer").kind)].map(([kind, members]) => ({
    kind,
    members,
  }));
}

const ITSELF = / dialled itself$/;

/**
 * Flows to a proxy's own listener land as dialled and on that listener: both rows would be right, and the one is chosen that leaves less to
 * say.
 */
function joinOwnListeners(
  groups: readonly KindGroup[],
  describe: (terminals: ReadonlySet<Diagram>) => string | null,
): readonly KindGroup[] {
  return groups.reduce<readonly KindGroup[]>((known, own) => {
    if (!ITSELF.test(own.kind)) return known;
    const fitting = known.filter(({ kind }) => kind === UNTOUCHED || kind === own.kind.replace(ITSELF, ""));
    const joined = fitting.map((other) =>
      known
        .filter((group) => group !== own && group !== other)
        .concat({ kind: other.kind, members: [...other.members, ...own.members] }),
    );
    const lengthOf = (some: readonly KindGroup[]) =>
      some.reduce((sum, { members }) => sum + (describe(terminalsOf(members))?.length ?? 1000), 0);
    const [best = known] = joined.toSorted((a, b) => lengthOf(a) - lengthOf(b));
    return best;
  }, groups);
}

function terminalsOf(members: readonly FlowClass[]): ReadonlySet<Diagram> {
  return new Set(members.map(({ terminal }) => terminal));
}

function listDeciding(
  members: readonly Pick<FlowClass, "witness">[],
  { explain }: ClassifiedLane,
): readonly RulePlace[] {
  return dropRepeated(members.flatMap((member) => explain(member, "answer").deciding ?? []));
}

/** Rows of marked sockets are read first: what follows is about all that none of them names. */
function nameRows(way: readonly LaneRow[], family: Family): readonly GlanceRow[] {
  const isMarked = ({ socket }: LaneRow) => socket !== "";
  const others = way.some(isMarked) ? OTHERS : "all";
  return way.toSorted((a, b) => Number(isMarked(b)) - Number(isMarked(a))).map((row) => nameRow(row, family, others));
}

function nameRow({ lane, socket, who, place, kind, deciding }: LaneRow, family: Family, others: string): GlanceRow {
  const which = place === "only" ? "" : place === "rest" ? OTHERS : (who ?? "some others");
  const parts = [socket, which].filter((part) => part !== "");
  const [from, to] = lane.ends;
  return {
    family,
    protocol: lane.protocol,
    from: [from],
    to: [to],
    who: parts.length === 0 ? others : parts.join(", "),
    kind,
    deciding,
  };
}
