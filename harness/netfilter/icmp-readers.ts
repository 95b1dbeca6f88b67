import { ECHO_TYPES, isAnyIcmpType, isEveryCode } from "../model/icmp.ts";
import type { IcmpTypeMatch } from "../model/match.ts";
import type { Packet } from "./packet.ts";

/** Type of the ICMP errors that the simulator makes: destination unreachable. */
const UNREACHABLE = { 4: 3n, 6: 1n } as const;

/** Gives the type of an ICMP message: of an error, a request or a reply. */
export function typeOfIcmp({ error, family, purpose }: Packet): bigint {
  if (error !== null) return UNREACHABLE[family];
  return BigInt(ECHO_TYPES[family][purpose === "answer" ? "reply" : "request"]);
}

/** Gives the code of an ICMP message; null of an error whose code the simulator does not know. */
export function codeOfIcmp({ error }: Packet): number | null {
  return error === null ? 0 : error.code;
}

/**
 * Says whether an ICMP message is of a type and one of some codes; 255 is any type of ICMP over IPv4, whatever its code
 * (icmp_type_code_match in net/netfilter/xt_tcpudp.c, icmp6_type_code_match in net/ipv6/netfilter/ip6_tables.c).
 */
export function isOfIcmpType(packet: Packet, match: IcmpTypeMatch): boolean {
  const { module, type, codes } = match;
  if (packet.protocol !== (module === "icmp" ? "icmp" : "ipv6-icmp")) return false;
  if (isAnyIcmpType(match)) return true;
  if (typeOfIcmp(packet) !== BigInt(type)) return false;
  if (isEveryCode(codes)) return true;
  const code = codeOfIcmp(packet);
  if (code === null) packet.walk.oracle.giveUp("the code of an ICMP error");
  return code !== null && code >= codes.first && code <= codes.last;
}

/**
 * Names what `th sport` and `th dport` read of ICMP, which is not known: where ports would stand, it has its type, its code and a checksum.
 */
export function bytesOfIcmp({ error }: Packet): { readonly unread: string } {
  return { unread: `what th sport and th dport read of an ICMP ${error === null ? "echo" : "error"}` };
}
