import type { Connection } from "../model/contract.ts";

/** The port of DNS servers. */
const DNS_PORT = 53;

/**
 * Says whether a datagram is sent from the port of DNS servers. Rules that put DNS into zones of connection tracking tell answers from
 * questions by that port, so that such a datagram is tracked as an answer, and what answers it is tracked apart from it. No mesh's
 * documents promise or deny anything of it.
 */
export function isFromDnsPort({ protocol, sourcePort }: Connection): boolean {
  return protocol === "udp" && sourcePort === DNS_PORT;
}
