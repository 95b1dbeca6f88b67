import type { Change } from "../../analysis/diff.ts";
import { type GlanceRow, joinWays } from "../../analysis/join-ways.ts";
import { renderFlowText } from "../../model/flow-spec.ts";
import { describeWay, type WayLine } from "../output/way-table.ts";

/** The head of a table of changed ways. */
export const CHANGED_WAYS_HEAD: WayLine = {
  way: "from → to",
  who: "which of them",
  third: "before",
  fourth: "after",
};

/** Changes as a person takes them in: one line for each way, and one flow that shows the first. */
export interface ChangedWays {
  readonly lines: readonly WayLine[];
  readonly example: string;
  /** How many classes, those of sockets bound to an address, are left out because others show the same. */
  readonly omitted: number;
}

/** Gives one line for each class of changes; those of sockets bound to an address are left out where others show the same. */
export function glanceAtChanges(changes: readonly Change[]): ChangedWays {
  const routed = changes.filter(({ witness }) => witness.lane.binding === "route");
  const shown = routed.length > 0 ? routed : changes;
  const rows = joinWays(joinKinds(shown).map(toRow));
  const lines = rows.map((row): WayLine => {
    const { who, before, after } = row;
    return { way: describeWay(row), who, third: before, fourth: after };
  });
  const [first] = shown;
  const example = first === undefined ? "" : renderFlowText(first.witness.flow.spec);
  return { lines, example, omitted: changes.length - shown.length };
}

/** Changes of one lane that a short text says the same of. */
type AlikeChanges = readonly [Change, ...Change[]];

function joinKinds(changes: readonly Change[]): readonly AlikeChanges[] {
  const keyOf = ({ witness: { lane, flow, assumed }, kinds }: Change) =>
    JSON.stringify([flow.family, lane.name, shortenBoth(kinds), ...assumed]);
  return [...Map.groupBy(changes, keyOf).values()].flatMap(([first, ...others]) => (first ? [[first, ...others]] : []));
}

/** Who dials the proxy's own port lands there either way, and a refusal is one at whatever port; unless that is all that differs. */
function shortenBoth(kinds: Change["kinds"]): Change["kinds"] {
  const shorten = (kind: string) => kind.replace(/ dialled itself$/, "").replace(/^refused:\d+$/, "refused");
  const short = { before: shorten(kinds.before), after: shorten(kinds.after) };
  return short.before === short.after ? kinds : short;
}

function toRow(alike: AlikeChanges): GlanceRow & { readonly before: string; readonly after: string } {
  const [first] = alike;
  const { lane, flow, assumed } = first.witness;
  const [from, to] = lane.ends;
  const socket = lane.name.slice(lane.road.length).replace(/^, /, "");
  const bound = lane.binding === "bound" ? "bound to an address" : "";
  const brief = first.describe(new Set(alike.flatMap(({ terminals }) => [...terminals])));
  const which = brief ?? alike.map(({ class: text }) => text.slice(lane.name.length + 2)).join("; or ");
  const isSaid = which.includes("where ");
  const given = isSaid ? [] : [...assumed].map(([match, answer]) => `if ${match} ${answer}`);
  const parts = [bound, socket, which, ...given].filter((part) => part !== "" && part !== "all");
  const { before, after } = shortenBoth(first.kinds);
  return {
    ...{ family: flow.family, protocol: flow.protocol, from: [from], to: [to], deciding: [] },
    who: parts.length === 0 ? "all" : parts.join(", "),
    kind: JSON.stringify([before, after]),
    ...{ before, after },
  };
}
