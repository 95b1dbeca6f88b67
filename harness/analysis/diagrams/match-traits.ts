import { addressValue, type Family } from "../../model/address.ts";
import type { AddressRangeMatch, Match, Range } from "../../model/match.ts";
import { networkRanges, type ValueRanges } from "../../model/value-ranges.ts";
import type { AxisRanges, Field, SplitRanges } from "./axis-ranges.ts";
import { listCompareRanges } from "./compare-traits.ts";

/** What a match asks of a field: to be in some ranges. A multiport with `--ports` asks it of either port. */
export interface MatchRanges extends AxisRanges {
  readonly fields: readonly Field[];
}

/**
 * What a match asks about, and so what the diagrams make of it.
 * `flow`: fields that follow from the flow; `ranges` gives the values, null where this form asks about the packet.
 * `packet`, `state`: what a packet carries, or what the kernel keeps about it: an undivided rest below the dimensions of flows. Where its
 * truth follows from the flow's ends as well, `ranges` gives the values at which flows are to be told apart.
 * `unknown`: nobody knows. `nothing`: it always holds.
 */
type MatchTraits<M extends Match> =
  | { readonly asks: "flow"; readonly ranges: (match: M) => MatchRanges | null }
  | { readonly asks: "packet" | "state"; readonly ranges: (match: M) => AxisRanges | null }
  | { readonly asks: "unknown" | "nothing" };

type Kind = Match["kind"];
type MatchOf<K extends Kind, M extends Match = Match> = M extends Match ? (K extends M["kind"] ? M : never) : never;

const NO_RANGES = () => null;
const OF_PACKET = { asks: "packet", ranges: NO_RANGES } as const;
const OF_STATE = { asks: "state", ranges: NO_RANGES } as const;

/** One entry a kind: a kind without one does not compile. */
const MATCH_TRAITS: { readonly [K in Kind]: MatchTraits<MatchOf<K>> } = {
  protocol: OF_PACKET,
  source: {
    asks: "flow",
    ranges: ({ network }) => ({ fields: ["source"], axis: "addresses", ranges: networkRanges(network) }),
  },
  destination: {
    asks: "flow",
    ranges: ({ network }) => ({ fields: ["destination"], axis: "addresses", ranges: networkRanges(network) }),
  },
  "in-interface": OF_PACKET,
  "out-interface": OF_PACKET,
  fragment: OF_PACKET,
  "source-port": {
    asks: "flow",
    ranges: ({ ports }) => ({ fields: ["source-port"], axis: "ports", ranges: [toBig(ports)] }),
  },
  "destination-port": {
    asks: "flow",
    ranges: ({ ports }) => ({ fields: ["destination-port"], axis: "ports", ranges: [toBig(ports)] }),
  },
  "tcp-flags": OF_PACKET,
  multiport: {
    asks: "flow",
    ranges: ({ side, ports }) => ({ fields: SIDE_FIELDS[side], axis: "ports", ranges: ports.map(toBig) }),
  },
  "source-range": {
    asks: "flow",
    ranges: (match) => ({ fields: ["source"], axis: "addresses", ranges: addressRange(match) }),
  },
  "destination-range": {
    asks: "flow",
    ranges: (match) => ({ fields: ["destination"], axis: "addresses", ranges: addressRange(match) }),
  },
  owner: {
    asks: "flow",
    ranges: ({ what, ids }) => (ids === null ? null : { fields: [what], axis: "ids", ranges: [toBig(ids)] }),
  },
  state: OF_STATE,
  "connection-protocol": OF_STATE,
  // A connection's ends are the flow's, or fixed ones that rules or the stub put in their place.
  "connection-address": {
    asks: "state",
    ranges: ({ network }) => ({ axis: "addresses", ranges: networkRanges(network) }),
  },
  "connection-port": { asks: "state", ranges: ({ ports }) => ({ axis: "ports", ranges: [toBig(ports)] }) },
  "connection-status": OF_STATE,
  "connection-direction": OF_STATE,
  mark: OF_STATE,
  connmark: OF_STATE,
  socket: OF_STATE,
  "source-type": OF_PACKET,
  "destination-type": OF_PACKET,
  "icmp-type": OF_PACKET,
  comment: { asks: "nothing" },
  // Its keys have traits of their own (`compare-traits.ts`).
  compare: OF_PACKET,
  unknown: { asks: "unknown" },
};

const SIDE_FIELDS = {
  source: ["source-port"],
  destination: ["destination-port"],
  either: ["source-port", "destination-port"],
} as const;

function traitsOf<M extends Match>(match: M): MatchTraits<M> {
  return MATCH_TRAITS[match.kind] as unknown as MatchTraits<M>;
}

/** What a match asks about: fields of the flow with the values compared, the packet, its connection's state, nothing, or nobody knows. */
export type MatchQuestion =
  | ({ readonly asks: "flow" } & MatchRanges)
  | { readonly asks: "packet" | "state" | "unknown" | "nothing" };

/** Gives what a match asks about, its `!` left aside. */
export function questionOf(match: Match): MatchQuestion {
  const traits = traitsOf(match);
  if (traits.asks !== "flow") return { asks: traits.asks };
  const ranges = traits.ranges(match);
  return ranges === null ? { asks: "packet" } : { asks: "flow", ...ranges };
}

/** Gives the values at which a match of a family's rule set may tell flows apart, by axis; none where it has none. */
export function listRanges(match: Match, family: Family): readonly SplitRanges[] {
  if (match.kind === "compare") return listCompareRanges(match, family);
  const ranges = rangesOf(match);
  return ranges === null ? [] : [ranges];
}

function rangesOf(match: Match): SplitRanges | null {
  const traits = traitsOf(match);
  return "ranges" in traits ? traits.ranges(match) : null;
}

function toBig({ first, last }: Range): readonly [bigint, bigint] {
  return [BigInt(first), BigInt(last)];
}

function addressRange({ first, last }: AddressRangeMatch): ValueRanges {
  const [low, high] = [addressValue(first), addressValue(last)];
  return low <= high ? [[low, high]] : [];
}
