import type { DialResult } from "../../agent/protocol.ts";
import { driveAll, type PlannedDial } from "./dial-batches.ts";

/** Dials that may be driven together. */
interface DialRound {
  readonly dials: readonly PlannedDial[];
  /** Whether the kernel must forget what it tracks before them: an exchange of datagrams is known for half a minute after its end. */
  readonly afresh: boolean;
}

/**
 * Drives dials in as many rounds as they need, at most `inFlight` at a time; gives their results in any order. `forget` makes the kernel
 * forget what it tracks.
 */
export async function driveRounds(
  dials: readonly PlannedDial[],
  inFlight: number,
  forget: () => Promise<unknown>,
): Promise<readonly DialResult[]> {
  const results: DialResult[] = [];
  for (const round of planRounds(dials)) {
    if (round.afresh) await forget();
    results.push(...(await driveAll(round.dials, inFlight)));
  }
  return results;
}

/**
 * Gives dials in rounds, each to be driven when the one before has ended: first all that may go together, in their order, then those whose
 * sockets for datagrams are bound to ports of their own. Two of these with one port have an exchange in common as connection tracking sees
 * it, and the second would go the way of the first; and a socket that is bound to a port takes what is sent to that port.
 */
function planRounds(dials: readonly PlannedDial[]): readonly DialRound[] {
  const isBound = ({ dial }: PlannedDial) => dial.protocol === "udp" && dial.sourcePort !== null;
  const free = dials.filter((each) => !isBound(each));
  const rounds: { readonly dials: PlannedDial[]; readonly from: Set<number>; readonly to: Set<number> }[] = [];
  for (const each of dials.filter(isBound)) {
    const { port, sourcePort } = each.dial;
    const own = sourcePort ?? 0;
    const open = rounds.find(({ from, to }) => !from.has(own) && !from.has(port) && !to.has(own));
    const round = open ?? { dials: [], from: new Set<number>(), to: new Set<number>() };
    if (open === undefined) rounds.push(round);
    round.dials.push(each);
    round.from.add(own);
    round.to.add(port);
  }
  const bound = rounds.map((round): DialRound => ({ dials: round.dials, afresh: true }));
  return free.length === 0 ? bound : [{ dials: free, afresh: false }, ...bound];
}
