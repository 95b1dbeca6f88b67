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

/** What of a connection decides how it fares where rules put DNS over UDP into zones of connection tracking. */
export interface ZonedDns {
  /** The port at which the proxy's DNS server listens. */
  readonly serverPort: number;
  /** Whether packets that connection tracking calls INVALID are dropped. */
  readonly dropInvalid: "on" | "off";
  /** Whether the proxy sends it. */
  readonly isProxys: boolean;
  /** Whether it is for the pod itself. */
  readonly isInside: boolean;
  /** Whether queries like this one have a zone, whoever sends them. */
  readonly isZoned: boolean;
}

/**
 * Says whether a contract demands nothing of a connection because of how zones of connection tracking work.
 *
 * - What is sent from the port of DNS servers: see {@link isFromDnsPort}.
 * - What somebody else asks inside the pod from the port of the proxy's DNS server: while that listens, nobody else has a socket there,
 *   and once it is redirected such a query would have the same end as sender and receiver.
 * - What is dropped where nobody listens: the kernel says so with an ICMP error, which inside the pod has another zone than what it
 *   answers, and so is INVALID. A contract does not know who listens.
 */
export function isBesideZones(connection: Connection, about: ZonedDns): boolean {
  const { protocol, startedOn, port, sourcePort } = connection;
  const { serverPort, dropInvalid, isProxys, isInside, isZoned } = about;
  if (isFromDnsPort(connection)) return true;
  if (protocol !== "udp" || startedOn !== "pod" || !isInside) return false;
  const [isQuery, isServers] = [port === DNS_PORT, sourcePort === serverPort];
  if (!isProxys && isQuery && isServers) return true;
  return dropInvalid === "on" && (isProxys ? isQuery || isServers : isQuery && isZoned);
}
