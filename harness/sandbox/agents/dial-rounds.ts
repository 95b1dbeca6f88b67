import type { DialResult } from "../../agent/protocol.ts";
import type { Station } from "../station.ts";
import { type AgentClient, syncAgents } from "./agent-client.ts";
import { driveAll, type PlannedDial } from "./dial-batches.ts";

/** Dials that may be driven together. */
export interface DialRound {
  readonly dials: readonly PlannedDial[];
  /** Whether the kernel must forget what it tracks before them: an exchange of datagrams is known for half a minute after its end. */
  readonly afresh: boolean;
}

/** Dials that an agent is given in one call: it keeps some 13 KB of each until they are told, and its memory is bounded. */
const AT_ONCE = 1500;

/**
 * Drives rounds one after the other, at most `inFlight` dials at a time; gives their results in any order. `forget` makes the kernel
 * forget what it tracks; listeners, which ask connection tracking only once they have answered, must have asked by then.
 */
export async function driveRounds(
  rounds: readonly DialRound[],
  inFlight: number,
  forget: () => Promise<unknown>,
): Promise<readonly DialResult[]> {
  const results: DialResult[] = [];
  for (const round of rounds) {
    if (round.afresh) await forget();
    results.push(...(await driveAll(round.dials, inFlight)));
  }
  return results;
}

/**
 * Makes the kernel forget what it tracks in the pod, once all agents' listeners have asked it what had been dialled: they answer datagrams
 * first.
 */
export async function forgetTracked({ agent, namespace }: Station, agents: readonly AgentClient[]): Promise<void> {
  await syncAgents(agents);
  await agent.call("forget-connections", { namespace });
}

/**
 * Gives dials in rounds, each to be driven when the one before has ended: first connections, and datagrams whose port the kernel chooses,
 * in their order; then datagrams from ports of their own. In each round of the first kind, no two connections have the same ends: the
 * kernel gives those to one socket at a time (EADDRNOTAVAIL, man 2 connect), and a silent connection keeps them for as long as it waits.
 * One at a time (`inFlight` 1) they never meet, and keep their order.
 */
export function planRounds(dials: readonly PlannedDial[], inFlight: number): readonly DialRound[] {
  const free = dials.filter((each) => !isBoundDatagram(each));
  const apart = inFlight === 1 ? [free].filter(({ length }) => length > 0) : tellEndsApart(free);
  return [...apart.map((some): DialRound => ({ dials: some, afresh: false })), ...planDatagrams(dials)];
}

/** Gives rounds in portions of at most 1500 dials; a larger round is cut. */
export function inPortions(rounds: readonly DialRound[]): readonly (readonly DialRound[])[] {
  const portions: DialRound[][] = [];
  let room = 0;
  for (const { dials, afresh } of rounds) {
    for (let at = 0; at < dials.length; at += AT_ONCE) {
      const piece: DialRound = { dials: dials.slice(at, at + AT_ONCE), afresh: afresh && at === 0 };
      if (piece.dials.length > room) {
        portions.push([]);
        room = AT_ONCE;
      }
      portions.at(-1)?.push(piece);
      room -= piece.dials.length;
    }
  }
  return portions;
}

function isBoundDatagram({ dial }: PlannedDial): boolean {
  return dial.protocol === "udp" && dial.sourcePort !== null;
}

/** Puts the first connection between each pair of ends into the first round, the second into the second, and so on. */
function tellEndsApart(dials: readonly PlannedDial[]): readonly (readonly PlannedDial[])[] {
  const seen = new Map<string, number>();
  const rounds: PlannedDial[][] = [];
  for (const each of dials) {
    const { protocol, namespace, source, sourcePort, address, port } = each.dial;
    const ends = JSON.stringify([protocol, namespace, source, sourcePort, address, port]);
    const nth = sourcePort === null ? 0 : (seen.get(ends) ?? 0);
    seen.set(ends, nth + 1);
    const round = rounds[nth] ?? [];
    rounds[nth] = round;
    round.push(each);
  }
  return rounds;
}

/**
 * Gives the rounds of datagrams whose sockets are bound to ports of their own. Two of these with one port have an exchange in common as
 * connection tracking sees it, and the second would go the way of the first; and a socket that is bound to a port takes what is sent to
 * that port.
 */
function planDatagrams(dials: readonly PlannedDial[]): readonly DialRound[] {
  const rounds: { readonly dials: PlannedDial[]; readonly from: Set<number>; readonly to: Set<number> }[] = [];
  for (const each of dials.filter(isBoundDatagram)) {
    const { port, sourcePort } = each.dial;
    const own = sourcePort ?? 0;
    const open = rounds.find(({ from, to }) => !from.has(own) && !from.has(port) && !to.has(own));
    const round = open ?? { dials: [], from: new Set<number>(), to: new Set<number>() };
    if (open === undefined) rounds.push(round);
    round.dials.push(each);
    round.from.add(own);
    round.to.add(port);
  }
  return rounds.map((round): DialRound => ({ dials: round.dials, afresh: true }));
}
