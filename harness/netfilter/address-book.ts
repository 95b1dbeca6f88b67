import { canonicalAddress, FAMILIES, type Family, familyOf, parseAddress } from "../model/address.ts";
import { type HostName, type PodSpec, type SandboxAddresses, vmGateway, vmLinks } from "../model/pod.ts";
import type { PolicyRouting } from "../model/policy-routing.ts";

/**
 * One address with what the sandbox makes of it. There is one object per address and book, so that addresses compare by identity.
 */
export interface KnownAddress {
  readonly text: string;
  readonly family: Family;
  readonly value: bigint;
  /** The last one of the range that the kernel chooses it from; the same as `value` where there is no choice. */
  readonly last: bigint;
  /** The host that answers to it, `loopback` for every host's own, `nobody` where no host has it. */
  readonly host: HostName | "loopback" | "nobody";
  /** What a connection attempt makes of it before any packet is sent. */
  readonly use: "unicast" | "not-connectable";
}

/** Gives the objects of addresses; texts must be addresses. */
export interface AddressBook {
  find(text: string): KnownAddress;
  /** Gives the object that stands for any address of a range, `198.51.100.1-198.51.100.9`; null where they are not all one host's. */
  findAny(first: string, last: string): KnownAddress | null;
}

/** Opens the book of a sandbox's addresses: the hosts' own, those `upstream` owns beside, and what policy routing adds to the pod. */
export function openAddressBook(spec: PodSpec, hosts: SandboxAddresses, routing: PolicyRouting): AddressBook {
  const owners = findOwners(spec, hosts, routing);
  const known = new Map<string, KnownAddress>();
  const find = (text: string): KnownAddress => {
    const seen = known.get(text);
    if (seen) return seen;
    const made = makeAddress(text, owners);
    known.set(text, made);
    return made;
  };
  const findAny = (first: string, last: string): KnownAddress | null => {
    const [low, high] = [find(first), find(last)];
    const text = `${first}-${last}`;
    const seen = known.get(text);
    if (seen) return seen;
    const named = [...owners.keys()].map(find);
    const isMixed = named.some(
      ({ family, value }) => family === low.family && low.value <= value && value <= high.value,
    );
    if (isMixed || low.host !== high.host || low.use !== high.use) return null;
    const made: KnownAddress = { ...low, text, last: high.value };
    known.set(text, made);
    return made;
  };
  return { find, findAny };
}

/**
 * Gives the host that has each address, by its text, loopback aside.
 *
 * @example
 * findOwners(spec, DEFAULT_ADDRESSES, NO_POLICY_ROUTING).get("10.244.0.2")   // "pod"
 */
export function findOwners(
  spec: PodSpec,
  hosts: SandboxAddresses,
  routing: PolicyRouting,
): ReadonlyMap<string, HostName> {
  const owners = new Map<string, HostName>();
  for (const address of spec.upstreamAddresses) owners.set(canonicalAddress(address) ?? address, "upstream");
  const links = vmLinks(spec);
  const names = ["upstream", "client", "pod", ...(links.length > 0 ? ["vm" as const] : [])] as const;
  for (const family of FAMILIES) {
    for (const name of names) owners.set(hosts[name][family], name);
    for (const link of links.keys()) owners.set(vmGateway(link, hosts)[family], "pod");
  }
  for (const { address } of routing.addresses) owners.set(address, "pod");
  return owners;
}

function makeAddress(text: string, owners: ReadonlyMap<string, HostName>): KnownAddress {
  const value = parseAddress(text)?.value ?? 0n;
  const family = familyOf(text);
  const isLoopback = family === 4 ? value >> 24n === 127n : value === 1n;
  const host = isLoopback ? "loopback" : (owners.get(text) ?? "nobody");
  return { text, family, value, last: value, host, use: isConnectable(family, value) ? "unicast" : "not-connectable" };
}

/** Multicast and the broadcast addresses take no connections: `connect` fails with ENETUNREACH (tcp_v4_connect, tcp_v6_connect). */
function isConnectable(family: Family, value: bigint): boolean {
  if (family === 6) return value >> 120n !== 0xffn;
  return value >> 28n !== 0xen && value !== 0xffffffffn && value !== 0x7fffffffn;
}
