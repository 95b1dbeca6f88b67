import type { Connection } from "../model/contract.ts";

/** The port of DNS servers. */
const DNS_PORT = 53;

/**
 * Says whether a datagram is sent from the port of DNS servers (53). Rules that put DNS into zones of connection tracking recognise answers
 * by that source port: such a datagram is tracked as an answer, and its own answer is tracked separately. No mesh's documents promise
 * anything about it.
 */
export function isFromDnsPort({ protocol, sourcePort }: Connection): boolean {
  return protocol === "udp" && sourcePort === DNS_PORT;
}
