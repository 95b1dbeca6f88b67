import { familyOf } from "../../model/address.ts";

/**
 * Gives the line for `ip -batch` that gives a host an address, or takes it away. Over IPv4 a local route is enough to be dialled at and to
 * dial from; an IPv6 socket can be bound only to an address of some interface (`ipv6_chk_addr` in net/ipv6/af_inet6.c).
 *
 * @example
 * renderOwnLine("add", "10.96.0.1")  // route add local 10.96.0.1 dev lo
 */
export function renderOwnLine(act: "add" | "del", address: string): string {
  if (familyOf(address) === 4) return `route ${act} local ${address} dev lo`;
  return `address ${act} ${address}/128 dev lo${act === "add" ? " nodad" : ""}`;
}
