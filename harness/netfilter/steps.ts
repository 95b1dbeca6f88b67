import { type Family, parseEndpoint } from "../model/address.ts";
import { type RulePlace, renderPlaceKey } from "../model/rule-place.ts";
import type { TraceStep, Verdict } from "../model/trace.ts";
import type { PacketTrace, PolicyStep } from "./recording.ts";
import type { ConnectionTrace } from "./simulator.ts";

/** Gives the rules that the packets of some connections met, packet by packet, in the order in which they were met. */
export function listSteps(connections: readonly Pick<ConnectionTrace, "packets">[]): readonly TraceStep[] {
  return connections.flatMap(({ packets }) => packets.flatMap(({ steps }) => steps));
}

/** Gives the places of steps, each once, in the order in which they were first met. */
export function listPlaces(steps: readonly TraceStep[]): readonly RulePlace[] {
  const places = steps.map(({ hook: _, matched: _matched, verdict: _verdict, why: _why, ...place }) => place);
  return [...new Map(places.map((place) => [renderPlaceKey(place), place])).values()];
}

/** What a rule does that settles where a flow lands, whatever later rules accept. */
const SETTLING: readonly (Verdict | null)[] = ["drop", "reject", "redirect", "dnat", "tproxy", "notrack"];
const LEAVING: readonly (Verdict | null)[] = ["return", "accept"];

/**
 * Gives the step of the rule that decides where a flow lands: the last that dropped, refused or translated one of its packets, or else the
 * last that let one of its own go, not of the answers; undefined where no rule did either, or where the policy of a chain dropped a packet
 * ({@link findDroppingPolicy}). What only lets answers through decides nothing.
 */
export function findDecidingStep(
  connections: readonly Pick<ConnectionTrace, "source" | "packets">[],
): TraceStep | undefined {
  if (findDroppingPolicy(connections) !== undefined) return undefined;
  const findLast = (verdicts: readonly (Verdict | null)[], packets: readonly PacketTrace[]) =>
    packets
      .flatMap(({ steps }) => steps)
      .findLast(({ matched, verdict }) => matched === true && verdicts.includes(verdict));
  const all = connections.flatMap(({ packets }) => packets);
  const sent = connections.flatMap(({ source, packets }) => packets.filter((packet) => isSent(packet, source)));
  return findLast(SETTLING, all) ?? findLast(LEAVING, sent);
}

/** Gives the policy that dropped the last packet that one has dropped: no rule decides then. Undefined where none did. */
export function findDroppingPolicy(connections: readonly Pick<ConnectionTrace, "packets">[]): PolicyStep | undefined {
  return connections
    .flatMap(({ packets }) => packets.flatMap(({ policies }) => policies))
    .findLast(({ verdict }) => verdict === "drop");
}

/**
 * Gives the place of what decides where a flow lands: of a rule, as {@link findDecidingStep} finds it, or of the policy that dropped it,
 * with index 0 and in the words of its tool; null where neither does.
 *
 * @example
 * findDecidingPlace(connections, 4)   // { family: 4, table: "filter", chain: "INPUT", index: 0, rule: "-P INPUT DROP" }
 */
export function findDecidingPlace(
  connections: readonly Pick<ConnectionTrace, "source" | "packets">[],
  family: Family,
): RulePlace | null {
  const policy = findDroppingPolicy(connections);
  if (policy === undefined) {
    const step = findDecidingStep(connections);
    return step ? (listPlaces([step])[0] ?? null) : null;
  }
  const { hook: _, verdict: _verdict, ...place } = policy;
  const rule = place.source === "nft" ? "policy drop" : `-P ${place.chain} DROP`;
  return { family, ...place, index: 0, rule };
}

/** Says whether a packet begins a connection, or is a datagram from the end that dials. */
function isSent({ packet, source }: PacketTrace, dialler: string): boolean {
  return packet === "SYN" || (packet === "datagram" && parseEndpoint(dialler)?.address === source);
}
