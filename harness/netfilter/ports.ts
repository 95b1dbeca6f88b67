import type { Range } from "../model/match.ts";
import { type Packet, portsOf } from "./packet.ts";

/**
 * Says whether a packet's port is in one of some ranges. A port that the kernel chooses is in a range that holds all it may choose, in
 * none that holds none of them, and in between it is a question.
 */
export function portIsIn(port: number, ranges: readonly Range[], packet: Packet): boolean {
  if (port >= 0) {
    for (const range of ranges) if (port >= range.first && port <= range.last) return true;
    return false;
  }
  const free = portsOf(port);
  const held = countHeld(ranges, free);
  if (held === 0) return false;
  if (held === free.last - free.first + 1) return true;
  return packet.walk.oracle.ask(`the free source port is in ${ranges.map((r) => `${r.first}:${r.last}`).join(",")}`);
}

/** Counts the ports the kernel may choose that lie in some ranges; ranges may overlap. */
function countHeld(ranges: readonly Range[], free: Range): number {
  let count = 0;
  let next: number = free.first;
  for (const range of [...ranges].sort((a, b) => a.first - b.first)) {
    const first = Math.max(range.first, next);
    const last = Math.min(range.last, free.last);
    if (last >= first) count += last - first + 1;
    next = Math.max(next, last + 1);
  }
  return count;
}
