import { addressValue } from "../model/address.ts";
import { vmGateway, vmLinks } from "../model/pod.ts";
import type { KnownAddress } from "./address-book.ts";
import type { Attempt } from "./connection.ts";
import type { CompiledPod } from "./pod.ts";

/**
 * Gives the address from which a socket of the pod dials over IPv6 that is not bound, where its mark leads to a local route: the route
 * names none, and of all addresses of the pod the kernel takes the one that shares the longest prefix with the destination (RFC 6724, 5,
 * rule 8; net/ipv6/addrconf.c). Elsewhere it is the one that the attempt has.
 */
export function chooseSource(pod: CompiledPod, { family, host, source, destination, mark }: Attempt): KnownAddress {
  const { addresses, spec, book } = pod;
  const isChosen = family === 6 && host === "pod" && mark !== 0 && source.address.text === addresses.pod[6];
  if (!isChosen || destination.address.host === "pod" || destination.address.host === "loopback") return source.address;
  const route = pod.findRoute({ destination: destination.address, mark, iif: "lo" });
  if ("unknown" in route || route.scope !== "local") return source.address;
  const dialled = addressValue(destination.address.text);
  const own = [addresses.pod[6], ...vmLinks(spec).map((_, i) => vmGateway(i, addresses)[6])];
  const [nearest = addresses.pod[6]] = own.toSorted(
    (a, b) => differingBits(addressValue(a), dialled) - differingBits(addressValue(b), dialled),
  );
  return book.find(nearest);
}

/** The length of what two addresses do not share, in bits from the first that differs. */
function differingBits(one: bigint, other: bigint): number {
  return one === other ? 0 : (one ^ other).toString(2).length;
}
