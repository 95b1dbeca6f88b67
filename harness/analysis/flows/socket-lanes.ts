import { LandfallError } from "../../errors.ts";
import { renderHex } from "../../formats/values.ts";
import { type CompareKey, type ConnectionEnd, connectionEnd } from "../../model/compare.ts";
import { codedFinding } from "../../model/finding.ts";
import type { FlowProtocol } from "../../model/flow.ts";
import { isAnyMark } from "../../model/flow-set.ts";
import type { Match, Range } from "../../model/match.ts";
import { MAX_PORT } from "../../model/pod.ts";
import { type MarkTest, WHOLE_MARK } from "../../model/policy-routing.ts";
import { listDistinctMatches } from "../../model/rule-parts.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import type { ValueRanges } from "../../model/value-ranges.ts";
import { EPHEMERAL_PORTS } from "../../netfilter/packet.ts";
import type { SplitRanges } from "../diagrams/axis-ranges.ts";
import { type KeyTraits, listAskedMarks, listCompareRanges } from "../diagrams/compare-traits.ts";
import { boundariesOf, makeAxis } from "./axis.ts";
import type { Lane, LaneSocket } from "./lane.ts";

/** What the lanes of sockets depend on beside the rules. */
export interface SocketSetting {
  /**
   * Whether flows whose port the kernel chooses are looked at even where rules ask for some of those ports only. `absent`: the flows bound
   * to each port stand for them. `there`, unless given.
   */
  readonly chosenPorts?: "there" | "absent";
  /** Marks that rules of policy routing ask for, where sockets with such a mark are to be looked at. */
  readonly routedMarks?: readonly MarkTest[];
}

/** Marks that one range may name. */
const MARKS_AT_MOST = 64;

/**
 * Gives lanes once more for every kind of socket that rules tell apart: by the port that it is bound to (`--sport 5000`), and in the pod by
 * its mark (`-m mark --mark 0x1`); `demanded` are the marks that a contract, a property or the flows asked about name. Where a rule asks
 * for some of the ports that the kernel may choose and not for others, it cannot be known where the flow of a socket whose port the kernel
 * chooses lands; `chosenPorts` says whether such flows have lanes too. A socket may be bound to a port at which somebody listens: by UDP
 * with SO_REUSEADDR, by TCP with CAP_NET_ADMIN (TCP_REPAIR), or where the listener is not there yet.
 */
export function varySockets(
  lanes: readonly Lane[],
  rulesets: readonly Ruleset[],
  { chosenPorts = "there", routedMarks = [] }: SocketSetting,
  demanded: ValueRanges = [],
): readonly Lane[] {
  const matches = listDistinctMatches(rulesets);
  const listPortsOf = (protocol: FlowProtocol) => {
    const found = listPorts(matches, protocol);
    const isChosen = found.includes(null) || chosenPorts === "there";
    // The most usual socket first: its flow is the one that a reader is shown.
    return [...(isChosen ? [null] : []), ...found.filter((range) => range !== null)];
  };
  const ports = { tcp: listPortsOf("tcp"), udp: listPortsOf("udp"), icmp: [null] } satisfies Record<
    FlowProtocol,
    unknown
  >;
  const marks = listMarks(matches, demanded, routedMarks);
  return lanes.flatMap((lane) =>
    ports[lane.protocol].flatMap((range) =>
      marksOf(lane, marks).map((mark) => {
        const socket = { ports: range, mark };
        return { ...lane, name: `${lane.name}${describeSocket(socket)}`, socket };
      }),
    ),
  );
}

function marksOf({ host, sockets }: Lane, marks: readonly number[]): readonly number[] {
  if (host !== "pod") return [0];
  return sockets === "all" ? marks : marks.filter((mark) => mark !== 0);
}

function describeSocket({ ports, mark }: LaneSocket): string {
  const bound = ports === null ? "" : `, bound to ${describePorts(ports)}`;
  return `${bound}${mark === 0 ? "" : `, marked ${renderHex(mark)}`}`;
}

function describePorts([first, last]: NonNullable<LaneSocket["ports"]>): string {
  return first === last ? `port ${first}` : `a port of ${first}-${last}`;
}

/** Null stands for the ports that the kernel chooses from, where rules do not tell these apart. */
function listPorts(matches: readonly Match[], protocol: FlowProtocol): readonly LaneSocket["ports"][] {
  const named = matches
    .flatMap((match) => sourcePortsOf(match, protocol))
    .map(({ first, last }) => [BigInt(first), BigInt(last)] as const);
  const axis = makeAxis(boundariesOf([...named, [1n, BigInt(MAX_PORT)]]), BigInt(MAX_PORT));
  const ranges = Array.from({ length: axis.size }, (_, atom) => axis.boundsOf(atom).map(Number) as [number, number]);
  const possible = ranges.filter(([first]) => first >= 1);
  const { first, last } = EPHEMERAL_PORTS;
  return possible.map((range) => (range[0] <= first && last <= range[1] ? null : range));
}

function sourcePortsOf(match: Match, protocol: FlowProtocol): readonly Range[] {
  if (match.kind === "source-port") return match.module === protocol ? [match.ports] : [];
  if (match.kind === "connection-port") return isDialler(match.end) ? [match.ports] : [];
  // Ports are alike in both families.
  if (match.kind === "compare") return listCompareRanges(match, 4, readsSourcePort).flatMap(toRanges);
  return match.kind === "multiport" && match.side !== "destination" ? match.ports : [];
}

function readsSourcePort({ field, axis }: KeyTraits, key: CompareKey): boolean {
  return field === "source-port" || (axis === "ports" && isDialler(connectionEnd(key)));
}

/** Says whether an end of a connection is the socket that dials, as its first packet or the answers name it. */
function isDialler(end: ConnectionEnd | null): boolean {
  return end === "original-source" || end === "reply-destination";
}

function toRanges({ ranges }: SplitRanges): readonly Range[] {
  return ranges.map(([first, last]) => ({ first: Number(first), last: Number(last) }));
}

/** A range stands for each of its marks: rules ask for bits, which have no order. */
function listNamedMarks([first, last]: ValueRanges[number]): readonly number[] {
  const count = Number(last - first) + 1;
  if (count > MARKS_AT_MOST) throw tooManyMarks(count);
  return Array.from({ length: count }, (_, i) => Number(first) + i);
}

function tooManyMarks(count: number): LandfallError {
  const message = `The range names ${count} marks, and each mark is analysed separately; name at most ${MARKS_AT_MOST} marks.`;
  return new LandfallError("bad-input", "The given flows cannot be analysed.", {
    findings: [codedFinding("unsupported", "mark", message)],
  });
}

/** One mark for each way in which the rules' questions about a mark can be answered; no mark stands for its own. */
function listMarks(matches: readonly Match[], demanded: ValueRanges, routed: readonly MarkTest[]): readonly number[] {
  const ofRules = matches.flatMap((match) =>
    match.kind === "compare" ? listAskedMarks(match) : match.kind === "mark" ? match : [],
  );
  const named = demanded
    .filter((range) => !isAnyMark([range]))
    .flatMap(listNamedMarks)
    .map((value) => ({ value, mask: WHOLE_MARK }));
  const asked = [...ofRules, ...routed, ...named];
  // Beside the mark asked for, one that differs from it in a bit that is looked at, and those with every other bit set.
  const near = asked.flatMap(({ value, mask }) => [value, (value ^ (mask & -mask)) >>> 0]);
  const rest = asked.map(({ mask }) => ~mask >>> 0);
  const values = [...new Set([...near, ...rest])];
  const sums = values.flatMap((one) => values.map((other) => (one | other) >>> 0));
  const answers = new Map<string, number>();
  for (const mark of [0, ...values, ...sums]) {
    const key = asked.map(({ value, mask }) => Number((mark & mask) >>> 0 === value)).join();
    if (!answers.has(key)) answers.set(key, mark);
  }
  return [...answers.values()];
}
