import { type Entry, isSameEnd, type Tuple } from "./entry.ts";
import { hasPorts, type Packet } from "./packet.ts";

type Direction = Packet["direction"];

const DIRECTIONS: readonly Direction[] = ["original", "reply"];

/**
 * Says whether two entries cannot both be in the table, because one direction of the new one has the ends that the other names in `of`, in
 * one zone. A zone is part of a tuple's place in the table (hash_conntrack_raw, since Linux 5.15), and there the zones of that direction
 * are compared for which the other has the tuple (nf_ct_key_equal; __nf_conntrack_confirm, nf_conntrack_tuple_taken).
 */
function hasTaken(other: Entry, of: Direction, entry: Entry, direction: Direction): boolean {
  const zone = other.zones[of];
  return (
    other.protocol === entry.protocol &&
    // The types of requests and of replies belong to the tuples of echoes.
    (hasPorts(entry) || of === direction) &&
    zone === entry.zones[direction] &&
    zone === entry.zones[of] &&
    isSameTuple(other[of], entry[direction])
  );
}

/**
 * Gives the entries with which another one cannot be in the table; none where it can. A zone for one direction alone leads to that.
 *
 * @example
 * findRivals(walk.entries, entry).length   // 0
 */
export function findRivals(entries: readonly Entry[], entry: Entry): readonly Entry[] {
  return entries.filter((other) =>
    DIRECTIONS.some((of) => DIRECTIONS.some((each) => hasTaken(other, of, entry, each))),
  );
}

/**
 * Says whether a datagram that begins an exchange is lost because it is the answer of an exchange that was looked for in another zone, and
 * its own answers have the ends of that one's question. NAT finds the same (so there must be some): since Linux 6.12 it leaves the ends
 * alone, and the datagram is dropped where it is confirmed (nf_nat_used_tuple_new, nf_ct_resolve_clash), unless both exchanges have each
 * other's zones; before that NAT gave the datagram another source port. Either way no answer comes from the end that was asked.
 */
export function isLostAnswer({ family, walk: { pod } }: Packet, entry: Entry, rival: Entry): boolean {
  const isTranslated = [entry, rival].some(
    ({ natSource, natDestination }) => natSource === "in-effect" || natDestination === "in-effect",
  );
  const isMirrored = isSameTuple(rival.original, entry.reply) && isSameTuple(rival.reply, entry.original);
  const hasEachOthersZones = rival.zones.original === entry.zones.reply && rival.zones.reply === entry.zones.original;
  return (
    entry.protocol === "udp" &&
    pod.translation[family] === "on" &&
    !isTranslated &&
    isMirrored &&
    !hasEachOthersZones &&
    !isSameTuple(entry.original, entry.reply) &&
    hasTaken(rival, "original", entry, "reply")
  );
}

function isSameTuple(one: Tuple, other: Tuple): boolean {
  return isSameEnd(one.source, other.source) && isSameEnd(one.destination, other.destination);
}
