import type { KnownAddress } from "./address-book.ts";
import type { PodSurroundings } from "./surroundings.ts";

/**
 * Says whether an address is of some types, as `-m addrtype` sees it (xt_addrtype.c). With a device, only that device's own addresses are
 * local. IPv4: its one type is among them. IPv6: it is of every one of them, and local addresses are unicast as well.
 */
export function isOfTypes(
  address: KnownAddress,
  types: readonly string[],
  device: string | null,
  pod: PodSurroundings,
): boolean {
  if (address.family === 4) return types.includes(findType(address, device, pod));
  return types.every((type) => {
    if (type === "UNICAST") return address.use === "unicast";
    if (type === "MULTICAST") return address.use !== "unicast";
    return type === findType(address, device, pod);
  });
}

/** Gives the one type that routing gives an address: `LOCAL`, `UNICAST`, `MULTICAST`, `BROADCAST`. */
export function findType(address: KnownAddress, device: string | null, pod: PodSurroundings): string {
  if (isLocal(address, device, pod)) return "LOCAL";
  if (address.use === "unicast") return "UNICAST";
  return address.family === 4 && address.value >> 28n !== 0xen ? "BROADCAST" : "MULTICAST";
}

function isLocal(address: KnownAddress, device: string | null, pod: PodSurroundings): boolean {
  if (address.host !== "pod" && address.host !== "loopback") return false;
  if (address.use !== "unicast" || device === null) return address.use === "unicast";
  return address.host === "loopback" ? device === "lo" : pod.interfaceAddress(device, address.family) === address.text;
}
