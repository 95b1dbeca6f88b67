/** Type of echo requests (include/uapi/linux/icmp.h, icmpv6.h). */
const REQUEST = { 4: 8, 6: 128 } as const;
/** Type, code, checksum, identifier, sequence: of what a ping socket sends the kernel fills in checksum and identifier (icmp(7)). */
const HEADER_BYTES = 8;

/** Gives an echo request as a ping socket takes it, with a text that the reply repeats. */
export function encodeRequest(family: 4 | 6, text: string): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + text.length);
  bytes[0] = REQUEST[family];
  bytes.write(text, HEADER_BYTES, "latin1");
  return bytes;
}

/** Gives the text of an echo reply that came in at a ping socket: what stands behind the ICMP header. */
export function textOfReply(message: string): string {
  return message.slice(HEADER_BYTES);
}

/**
 * Gives the text of an echo request that came in at a raw socket, whose messages begin with the IP header over IPv4 (raw(7)), and not over
 * IPv6 (ipv6(7)); empty where it is another kind of message.
 */
export function textOfRequest(family: 4 | 6, message: string): string {
  const start = family === 4 ? (message.charCodeAt(0) & 0xf) * 4 : 0;
  return message.charCodeAt(start) === REQUEST[family] ? message.slice(start + HEADER_BYTES) : "";
}
