import type { Packet } from "./packet.ts";

/** Type of the ICMP errors that the simulator makes: destination unreachable. */
const UNREACHABLE = { 4: 3n, 6: 1n } as const;

/** Types of echo requests and replies (include/uapi/linux/icmp.h, icmpv6.h). */
const ECHO = { request: { 4: 8n, 6: 128n }, reply: { 4: 0n, 6: 129n } } as const;

/** Gives the type of an ICMP message: of an error, a request or a reply. */
export function typeOfIcmp({ error, family, purpose }: Packet): bigint {
  if (error !== null) return UNREACHABLE[family];
  return ECHO[purpose === "answer" ? "reply" : "request"][family];
}

/**
 * Gives up what `th sport` and `th dport` read of ICMP: where ports would stand, it has its type, its code and a checksum.
 */
export function bytesOfIcmp({ error, walk }: Packet): null {
  walk.oracle.giveUp(`what th sport and th dport read of an ICMP ${error === null ? "echo" : "error"}`);
  return null;
}
