import type { RoutingText } from "../../agent/protocol.ts";
import { listIpLines, renderIpBatches } from "../../formats/ip-commands.ts";
import { familyOf } from "../../model/address.ts";
import { NO_POLICY_ROUTING, type PolicyRouting } from "../../model/policy-routing.ts";

/** Gives policy routing as an agent takes it. */
export function renderRoutingText(routing: PolicyRouting): RoutingText {
  return {
    add: renderIpBatches(listIpLines(routing, "add")),
    remove: renderIpBatches(listIpLines(routing, "del")),
    addresses: routing.addresses.map(({ address }) => address),
  };
}

/** No policy routing, as an agent takes it. */
export const NO_ROUTING_TEXT: RoutingText = renderRoutingText(NO_POLICY_ROUTING);

/** Gives the lines for `ip -batch` that make a host own these addresses instead of those. */
export function planLocalRoutes(before: readonly string[], after: readonly string[]): readonly string[] {
  return [
    ...before.filter((address) => !after.includes(address)).map((address) => renderOwnLine("del", address)),
    ...after.filter((address) => !before.includes(address)).map((address) => renderOwnLine("add", address)),
  ];
}

/**
 * Gives the line for `ip -batch` that gives a host an address, or takes it away. Over IPv4 a local route is enough to be dialled at and to
 * dial from; an IPv6 socket can be bound only to an address of some interface (`ipv6_chk_addr` in net/ipv6/af_inet6.c).
 *
 * @example
 * renderOwnLine("add", "10.96.0.1")  // route add local 10.96.0.1 dev lo
 */
function renderOwnLine(act: "add" | "del", address: string): string {
  if (familyOf(address) === 4) return `route ${act} local ${address} dev lo`;
  return `address ${act} ${address}/128 dev lo${act === "add" ? " nodad" : ""}`;
}
