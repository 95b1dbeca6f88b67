import { type Family, renderAddress } from "../model/address.ts";
import type { FlowSpec } from "../model/flow.ts";
import { isLoopback, MAX_PORT } from "../model/pod.ts";
import type { ValueRanges } from "../model/value-ranges.ts";
import { APP_PORT, type BoundaryNames, byEach, dialIn } from "./boundary-names.ts";
import { firstIds, idBoundaries, portBoundaries } from "./boundary-values.ts";
import type { Demands } from "./demanded-landing.ts";

/**
 * Gives calls inside the pod by owner: the proxy's at every port at which a demand may change and at every loopback address, and those of
 * the proxy's neighbours, by uid beside each of the gids and the other way round. Who dials decides there as much as what is dialled.
 */
export function insideFlows(names: BoundaryNames, { contract }: Demands): readonly FlowSpec[] {
  const { family, proxy, stranger, workload, openPort, named } = names;
  if (proxy === null) return [];
  const dial = dialIn(family);
  const { ids, ports, addresses } = contract.splitPoints(family);
  const firsts = firstIds(ids);
  const neighbours = idBoundaries(ids).flatMap((id) => [stranger, ...firsts].flatMap((other) => byEach([id], other)));
  const callers = [proxy, ...byEach(firsts, stranger)];
  const loopbacks = loopbackBoundaries(addresses, family);
  return [
    ...neighbours.map((actor) => dial(actor, "pod", APP_PORT)),
    ...callers.flatMap((actor) => [...portBoundaries(ports), 1, MAX_PORT].map((port) => dial(actor, "pod", port))),
    ...[workload, ...callers].flatMap((actor) =>
      loopbacks.flatMap((address) => [APP_PORT, openPort, ...named].map((port) => dial(actor, address, port))),
    ),
    ...loopbacks.flatMap((address) =>
      byEach(idBoundaries(ids), stranger).map((actor) => dial(actor, address, APP_PORT)),
    ),
  ];
}

/**
 * Gives IPv4's loopback addresses at which ranges begin and end, with their neighbours; none of IPv6, which has one alone. The first and
 * last of the network are broadcast ones, and left out.
 *
 * @example
 * loopbackBoundaries([[0x7f000001n, 0x7f000001n]], 4)   // ["127.0.0.1", "127.0.0.2"]
 */
export function loopbackBoundaries(ranges: ValueRanges, family: Family): readonly string[] {
  if (family === 6) return [];
  const ends = ranges.flatMap(([first, last]) => [first - 1n, first, last, last + 1n]).filter((value) => value >= 0n);
  const addresses = [...new Set(ends)].filter((value) => value >> 32n === 0n).map((value) => renderAddress(4, value));
  return addresses.filter((address) => isLoopback(address) && !["127.0.0.0", "127.255.255.255"].includes(address));
}
