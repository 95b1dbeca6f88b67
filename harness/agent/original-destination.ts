import { decodeSocketAddress, type Endpoint, encodeLength, SOCKET_ADDRESS_BYTES } from "./socket-address.ts";
import { getsockopt, KERNEL } from "./syscalls.ts";

/**
 * Gives the end point that the peer of an accepted connection dialled, or null where that is the very one that accepted.
 *
 * SO_ORIGINAL_DST speaks also of connections nobody redirected, and fails where connection tracking is off: only a value that differs
 * from the socket's own end point tells of a redirect. With TPROXY the socket's own end point is the one dialled, and differs from the
 * port listened on. An entry that answers have begun, because what they answered was not tracked, names the peer instead.
 */
export function findOriginalDestination(
  fd: number,
  local: Endpoint,
  peer: Endpoint,
  listeningPort: number,
): Endpoint | null {
  const tracked = readOriginalDestination(fd, local.address.includes(":") ? KERNEL.SOL_IPV6 : KERNEL.SOL_IP);
  if (tracked && !isSame(tracked, local) && !isSame(tracked, peer)) return tracked;
  return local.port === listeningPort ? null : local;
}

function isSame(one: Endpoint, other: Endpoint): boolean {
  return one.address === other.address && one.port === other.port;
}

/** Asks connection tracking; null where it knows nothing of the connection (ENOENT). */
function readOriginalDestination(fd: number, level: number): Endpoint | null {
  const address = Buffer.alloc(SOCKET_ADDRESS_BYTES);
  const length = encodeLength(address.length);
  return getsockopt(fd, level, KERNEL.SO_ORIGINAL_DST, address, length) === 0 ? decodeSocketAddress(address) : null;
}
