import { inetNtop, inetPton, KERNEL } from "./syscalls.ts";

/** An address, canonical text, and a port: `{ address: "10.244.0.2", port: 80 }`. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Room for a socket address of either family: `struct sockaddr_in6` is the longer one. */
export const SOCKET_ADDRESS_BYTES = 28;

/** Gives a `socklen_t`, little endian machines only: how long a buffer is that the kernel is to fill. */
export function encodeLength(length: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(length);
  return bytes;
}

/** Gives the family of an address, canonical text: 6 for `fd00::2`. */
export function familyOfText(address: string): 4 | 6 {
  return address.includes(":") ? 6 : 4;
}

/** Gives the unspecified address of an end point's family. */
export function unspecifiedFor({ address }: Endpoint): string {
  return familyOfText(address) === 6 ? "::" : "0.0.0.0";
}

/** Gives the kernel's number of a family (`AF_INET`, `AF_INET6`). */
export function domainOf(family: 4 | 6): number {
  return family === 6 ? KERNEL.AF_INET6 : KERNEL.AF_INET;
}

/**
 * Gives an end point as `struct sockaddr_in` (16 bytes) or `struct sockaddr_in6` (28 bytes), little endian machines only. Throws an Error
 * if the address is not one.
 *
 * @example
 * encodeSocketAddress({ address: "10.244.0.2", port: 80 })   // 02 00 00 50 0a f4 00 02 00 00 00 00 00 00 00 00
 */
export function encodeSocketAddress({ address, port }: Endpoint): Buffer {
  const isIpv6 = familyOfText(address) === 6;
  const family = domainOf(familyOfText(address));
  const bytes = Buffer.alloc(isIpv6 ? SOCKET_ADDRESS_BYTES : 16);
  bytes.writeUInt16LE(family, 0);
  bytes.writeUInt16BE(port, 2);
  if (inetPton(family, address, bytes.subarray(isIpv6 ? 8 : 4)) !== 1)
    throw new Error(`"${address}" is not an address`);
  return bytes;
}

/** Reads what {@link encodeSocketAddress} writes. */
export function decodeSocketAddress(bytes: Buffer): Endpoint {
  const family = bytes.readUInt16LE(0);
  const text = Buffer.alloc(46);
  inetNtop(family, bytes.subarray(family === KERNEL.AF_INET6 ? 8 : 4), text, text.length);
  return { address: text.toString("latin1", 0, text.indexOf(0)), port: bytes.readUInt16BE(2) };
}

/** Gives `a.b.c.d:port` or `[v6]:port`, as every end point is written in landings. */
export function renderEndpoint({ address, port }: Endpoint): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
