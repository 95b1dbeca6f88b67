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

/**
 * Says whether a query of the pod's is sent from the port at which the proxy's DNS server listens. While it listens, nobody else has a
 * socket there; inside the pod such a query would, once it is redirected, have the same end as sender and receiver.
 */
export function isFromServersPort({ protocol, startedOn, port, sourcePort }: Connection, serverPort: number): boolean {
  return protocol === "udp" && startedOn === "pod" && port === DNS_PORT && sourcePort === serverPort;
}
