import type { Connection } from "../model/contract.ts";
import { isLoopback, loopbackAddress, PASS_THROUGH_IPV6 } from "../model/pod.ts";
import { findOpenPorts, type Peers } from "./listening.ts";
import type { PlacedPod } from "./proxy-dial.ts";

/**
 * Says whether nothing comes back to a loopback address: no other host takes a packet from one, but for a virtual machine, whose every way
 * leads back to the pod and its `::6`.
 */
export function losesAnswer({ source, startedOn }: Connection, host: string): boolean {
  return isLoopback(source) && host !== startedOn && (host !== "vm" || source !== PASS_THROUGH_IPV6);
}

/**
 * Says whether another host takes a datagram whose answer is lost: one from `::6`, which no kernel holds for an address of its own `lo`
 * (`ipv6_rcv_core` in net/ipv6/ip6_input.c drops what comes from ::1, and `fib_validate_source` in net/ipv4/fib_frontend.c what comes from
 * 127.0.0.0/8). Of a connection the answer that is lost is its second segment, and it is never made.
 */
export function isReadThere({ protocol, source, port }: Connection, host: string, peers: Peers): boolean {
  const listening = findOpenPorts(protocol, peers);
  const isPeer = host === "client" || host === "upstream";
  return protocol === "udp" && source === PASS_THROUGH_IPV6 && isPeer && listening[host].includes(port);
}

/**
 * Says whether the kernel itself may lose the refusal of a closed port: a reset from the pod's own IPv6 address to ::1 is sent by another
 * device than `lo` and lost (`rt6_need_strict` in net/ipv6/route.c), unless something has it routed again, such as a mark for other
 * purposes. The ICMP error for a datagram comes through.
 */
export function mayLoseRefusal({ source, destination, protocol }: Connection, { addresses }: PlacedPod): boolean {
  return protocol === "tcp" && source === loopbackAddress(6) && destination === addresses.pod[6];
}
