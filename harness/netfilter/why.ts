import { renderNetwork } from "../model/address.ts";
import type { CompareMatch } from "../model/compare.ts";
import { type Match, TCP_FLAG_BITS } from "../model/match.ts";
import { findType } from "./address-type.ts";
import { READERS, type Read } from "./compare-readers.ts";
import { codeOfIcmp, typeOfIcmp } from "./icmp-readers.ts";
import { settleMaker } from "./maker.ts";
import type { Packet } from "./packet.ts";

/** Says in a short clause why a match does not hold for a packet: `destination is 10.96.0.1, not in 10.0.0.0/8`. */
export function describeMismatch(match: Match | undefined, packet: Packet): string {
  switch (match?.kind) {
    case "protocol":
      return `protocol is ${packet.protocol}`;
    case "source":
      return `source ${packet.source.text} is ${inOrNot(match.negated)} ${renderNetwork(match.network)}`;
    case "destination":
      return `destination ${packet.destination.text} is ${inOrNot(match.negated)} ${renderNetwork(match.network)}`;
    case "source-range":
      return `source ${packet.source.text} is ${inOrNot(match.negated)} ${match.first}-${match.last}`;
    case "destination-range":
      return `destination ${packet.destination.text} is ${inOrNot(match.negated)} ${match.first}-${match.last}`;
    case "in-interface":
      return packet.in === "" ? "there is no input interface at this hook" : `input interface is ${packet.in}`;
    case "out-interface":
      return packet.out === "" ? "there is no output interface at this hook" : `output interface is ${packet.out}`;
    case "source-port":
      return `source port is ${renderPort(packet.sourcePort)}`;
    case "destination-port":
      return `destination port is ${renderPort(packet.destinationPort)}`;
    case "multiport":
      return describePorts(match.side, packet);
    case "tcp-flags":
      return `flags are ${renderFlags(packet.flags)}`;
    case "owner":
      return describeOwner(match.what, packet);
    case "state":
      return `state is ${packet.state}`;
    case "connection-protocol":
    case "connection-address":
    case "connection-port":
    case "connection-status":
    case "connection-direction":
      return describeConnection(packet);
    case "mark":
      if (match.mask === 0) return "it holds for no packet";
      return `mark is 0x${packet.mark.toString(16)}`;
    case "connmark":
      return packet.entry === null ? "no connection is tracked" : `connmark is 0x${packet.entry.mark.toString(16)}`;
    case "socket":
      return "no socket takes it";
    case "source-type":
      return `source ${packet.source.text} is ${findType(packet.source, null, packet.walk.pod)}`;
    case "destination-type":
      return `destination ${packet.destination.text} is ${findType(packet.destination, null, packet.walk.pod)}`;
    case "fragment":
      return "it is not a later fragment";
    case "icmp-type":
      return describeIcmp(packet);
    case "comment":
      return "a comment always holds";
    case "compare":
      return describeCompare(match, packet);
    case "unknown":
      return `${match.text} is not understood`;
    case undefined:
      return "a match is not understood";
  }
}

function describeIcmp(packet: Packet): string {
  if (packet.protocol === "tcp" || packet.protocol === "udp") return `protocol is ${packet.protocol}`;
  const code = codeOfIcmp(packet);
  return `ICMP type is ${typeOfIcmp(packet)}${code === null ? "" : `, code ${code}`}`;
}

function describeConnection({ entry, direction }: Packet): string {
  if (entry === null) return "no connection is tracked";
  const { original, reply } = entry;
  const ends = [original.source, original.destination, reply.source, reply.destination].map(
    ({ address, port }) => `${address.text} port ${renderPort(port)}`,
  );
  return `its connection is from ${ends[0]} to ${ends[1]}, answered from ${ends[2]} to ${ends[3]}; it goes in direction ${direction}`;
}

function inOrNot(negated: boolean): string {
  return negated ? "in" : "not in";
}

function renderPort(port: number): string {
  return port < 0 ? "the kernel's free choice" : String(port);
}

function describePorts(side: "source" | "destination" | "either", packet: Packet): string {
  if (side === "source") return `source port is ${renderPort(packet.sourcePort)}`;
  if (side === "destination") return `destination port is ${renderPort(packet.destinationPort)}`;
  return `ports are ${renderPort(packet.sourcePort)} and ${renderPort(packet.destinationPort)}`;
}

function renderFlags(flags: number): string {
  return Object.entries(TCP_FLAG_BITS)
    .filter(([, bit]) => (flags & bit) !== 0)
    .map(([name]) => name)
    .join(",");
}

function describeOwner(what: "uid" | "gid" | "socket-exists", packet: Packet): string {
  const maker = settleMaker(packet);
  if (maker === "none") return "it comes from no socket of the pod";
  if (maker === "kernel") return "the kernel made it: it has no owner";
  return what === "socket-exists" ? "its socket exists" : `${what} is ${maker[what]}`;
}

/** Says in a short clause why a comparison does not hold for a packet: `tcp dport is 81`, `meta skuid reads nothing: …`. */
function describeCompare({ keys }: CompareMatch, packet: Packet): string {
  return keys.map((key) => `${key.name} ${describeReading((READERS[key.name] as Read)(packet, key, 0n))}`).join(", ");
}

function describeReading(reading: ReturnType<Read>): string {
  if (reading === null) return "reads nothing of this packet";
  if (typeof reading === "bigint") return `is ${reading > 0xffffn ? `0x${reading.toString(16)}` : reading}`;
  if (typeof reading === "string") return reading === "" ? "is empty at this hook" : `is ${reading}`;
  if ("address" in reading) return `is ${reading.address.text}`;
  if ("unread" in reading) return "is not known";
  return `is ${reading.port < 0 ? "the kernel's free choice" : reading.port}`;
}
