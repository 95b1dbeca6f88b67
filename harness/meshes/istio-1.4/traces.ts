import type { Family } from "../../model/address.ts";

/** Every chain that the generator can make, in nat and mangle. */
export const ISTIO_CHAINS: readonly string[] = [
  "ISTIO_DIVERT",
  "ISTIO_INBOUND",
  "ISTIO_IN_REDIRECT",
  "ISTIO_OUTPUT",
  "ISTIO_REDIRECT",
  "ISTIO_TPROXY",
];

/** The rules of the IPv6 guard, as they print. */
const GUARD_BODIES = [
  "-m state --state ESTABLISHED -j ACCEPT",
  "-d ::1/128 -i lo -j ACCEPT",
  "-j REJECT --reject-with icmp6-port-unreachable",
];

/**
 * The generator's rules that name no chain of its own: the guard's, and the kubevirt interfaces' RETURN. Anybody might have written them.
 */
export function looksMade(family: Family, table: string, chain: string, body: string): boolean {
  if (table === "nat") return chain === "PREROUTING" && /^-i \S+ -j RETURN$/.test(body);
  return family === 6 && table === "filter" && chain === "INPUT" && GUARD_BODIES.includes(body);
}
