import { addressValue, type Family, networkHolds, parseNetwork, prefixMask } from "./address.ts";
import type { SandboxAddresses } from "./pod.ts";

/** Networks of which no address can be dialled at `upstream`: this host, loopback, multicast and above; link-local and mapped ones. */
const NEVER_ELSEWHERE: Readonly<Record<Family, readonly string[]>> = {
  4: ["0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3"],
  6: ["::/80", "fe80::/10", "ff00::/8"],
};
/** The sandbox's links are cut from networks at most this long; an address there is a host's own, a broadcast, or no one's. */
const LINK_PREFIX: Readonly<Record<Family, number>> = { 4: 16, 6: 64 };

/** Says whether `upstream` may own an address: it is no loopback or group address, and none of the sandbox's links. */
export function canBeElsewhere(address: string, family: Family, addresses: SandboxAddresses): boolean {
  const value = addressValue(address);
  const link = prefixMask(family, LINK_PREFIX[family]);
  // The pod shares its link with its peers; where it was given another address it is there by a route of its own.
  const { pod, client, upstream, vm } = addresses;
  const hosts = [client, upstream, vm].map((host) => addressValue(host[family]));
  const onLink = address === pod[family] || hosts.some((host) => (host & link) === (value & link));
  const never = NEVER_ELSEWHERE[family].some((text) => {
    const network = parseNetwork(text);
    return network !== null && networkHolds(network, value);
  });
  return !onLink && !never;
}
