import type { Connection } from "../model/contract.ts";
import { isLoopback, loopbackAddress, PASS_THROUGH_IPV6 } from "../model/pod.ts";
import type { PlacedPod } from "./proxy-dial.ts";

/**
 * Says whether nothing comes back to a loopback address: no other host takes a packet from one, but for a virtual machine, whose every way
 * leads back to the pod and its `::6`; and a reset from the pod's own IPv6 address to ::1 is sent by another device than `lo` and lost
 * (`rt6_need_strict` in net/ipv6/route.c), while the ICMP error for a datagram comes through. `isOpen`: somebody listens where the
 * connection was dialled.
 */
export function losesAnswer(
  { source, destination, startedOn, protocol }: Connection,
  host: string,
  isOpen: boolean,
  { addresses }: PlacedPod,
): boolean {
  if (!isLoopback(source)) return false;
  if (host !== startedOn) return host !== "vm" || source !== PASS_THROUGH_IPV6;
  return protocol === "tcp" && source === loopbackAddress(6) && destination === addresses.pod[6] && !isOpen;
}
