import { type Family, familyOf, networkHolds, parseAddress, parseNetwork, serverAddress } from "../../model/address.ts";
import type { IstioSettings } from "./settings.ts";

/** Addresses that the tool passes over when it looks for the pod's own (tools/common/config/config.go, getLocalIP). */
const NOT_THE_PODS = ["127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/24", "::1/128", "fe80::/10", "ff02::/16"].flatMap(
  (text) => parseNetwork(text) ?? [],
);

/** Gives the families of the pod's addresses, in order; an IPv4 address written as IPv6 is IPv4's, and local ones are passed over. */
export function listPodFamilies(addresses: readonly string[]): readonly Family[] {
  return addresses.flatMap((text) => {
    const parsed = parseAddress(text.replace(/^::ffff:(?=\d+\.)/i, ""));
    if (parsed === null) return [];
    const isPassedOver = NOT_THE_PODS.some(
      (network) => network.family === parsed.family && networkHolds(network, parsed.value),
    );
    return isPassedOver ? [] : [parsed.family];
  });
}

/** Says whether the tool makes IPv6 rules: if the pod's first address is IPv6, or with --dual-stack if any is. */
export function hasIpv6({ dualStack }: Pick<IstioSettings, "dualStack">, addresses: readonly string[]): boolean {
  const families = listPodFamilies(addresses);
  return dualStack === "on" ? families.includes(6) : families[0] === 6;
}

/** Which servers' DNS is captured: none's, every one's, or those of resolv.conf by family, in order and with duplicates. */
export type CapturedServers = "none" | "all" | Readonly<Record<Family, readonly string[]>>;

/**
 * Gives whose DNS is captured. What is not an address is passed over, and the zone of a link-local one has no meaning for iptables. Without
 * any server the tool captures no DNS; with servers of one family alone the rules of the other change as well.
 */
export function findCapturedServers(
  { redirectDns, captureAllDns }: Pick<IstioSettings, "redirectDns" | "captureAllDns">,
  resolvers: readonly string[],
): CapturedServers {
  if (redirectDns === "off") return "none";
  if (captureAllDns === "on") return "all";
  const servers = resolvers.flatMap((text) => serverAddress(text) ?? []);
  const of = (family: Family) => servers.filter((server) => familyOf(server) === family);
  return servers.length === 0 ? "none" : { 4: of(4), 6: of(6) };
}

const DNS_PORT = 53;

/** Says whether the port of DNS servers is one of the outbound ports that are left alone. */
export function excludesDns({ outboundPortsExclude }: Pick<IstioSettings, "outboundPortsExclude">): boolean {
  return outboundPortsExclude.some(({ first, last }) => first <= DNS_PORT && DNS_PORT <= last);
}
