import { parseAddress } from "../model/address.ts";
import {
  type AddressRangeMatch,
  type AddressTypeMatch,
  type InterfaceMatch,
  type Match,
  type MultiportMatch,
  type OwnerMatch,
  type StateMatch,
  TCP_FLAG_BITS,
  type TcpFlagsMatch,
} from "../model/match.ts";
import { isOfTypes } from "./address-type.ts";
import { isInNetwork, isInRange } from "./addresses.ts";
import { compileCompare } from "./compare.ts";
import type { Test } from "./compiled-chain.ts";
import { compileConnection } from "./connection-match.ts";
import { isOfIcmpType } from "./icmp-readers.ts";
import { settleMaker } from "./maker.ts";
import { noteTemplate, type Packet, stateOf } from "./packet.ts";
import { portIsIn } from "./ports.ts";
import { socketTakes } from "./socket-match.ts";

const PROTOCOL_NUMBERS: Readonly<Record<string, Packet["protocol"]>> = {
  "6": "tcp",
  "17": "udp",
  "1": "icmp",
  "58": "ipv6-icmp",
  icmpv6: "ipv6-icmp",
};

/** Compiles a match into a test, its `!` included. */
export function compileMatch(match: Match): Test {
  const test = compilePlain(match);
  if (!("negated" in match) || !match.negated || heedsNegation(match)) return test;
  return (packet) => !test(packet);
}

/** A packet that lacks what these ask about matches neither form, or the negated one alone: they see to their `!` themselves. */
function heedsNegation({ kind }: Match): boolean {
  return kind === "owner" || kind === "connmark" || kind.startsWith("connection-");
}

function compilePlain(match: Match): Test {
  switch (match.kind) {
    case "protocol": {
      const protocol = PROTOCOL_NUMBERS[match.protocol] ?? match.protocol;
      if (protocol === "all" || protocol === "0") return () => true;
      return (packet) => packet.protocol === protocol;
    }
    case "source":
      return (packet) => isInNetwork(packet.source, match.network, packet);
    case "destination":
      return (packet) => isInNetwork(packet.destination, match.network, packet);
    case "source-range":
    case "destination-range":
      return compileAddressRange(match);
    case "in-interface":
    case "out-interface":
      return compileInterface(match);
    case "source-port":
      return compilePorts(match.module, (packet) => portIsIn(packet.sourcePort, [match.ports], packet));
    case "destination-port":
      return compilePorts(match.module, (packet) => portIsIn(packet.destinationPort, [match.ports], packet));
    case "multiport":
      return compileMultiport(match);
    case "tcp-flags":
      return compileFlags(match);
    case "owner":
      return compileOwner(match);
    case "state":
      return compileState(match);
    case "connection-protocol":
    case "connection-address":
    case "connection-port":
    case "connection-status":
    case "connection-direction":
      return compileConnection(match);
    case "mark":
      return (packet) => (packet.mark & match.mask) >>> 0 === match.value;
    case "connmark":
      // Without a connection it does not match, negated or not (connmark_mt in xt_connmark.c).
      return (packet) => {
        noteTemplate(packet);
        const { entry } = packet;
        return entry !== null && ((entry.mark & match.mask) >>> 0 === match.value) !== match.negated;
      };
    case "socket":
      return (packet) => socketTakes(packet, match.options);
    case "source-type":
    case "destination-type":
      return compileAddressType(match);
    case "icmp-type":
      return (packet) => isOfIcmpType(packet, match);
    case "compare":
      return compileCompare(match);
    case "fragment":
      return () => false;
    case "comment":
      return () => true;
    case "unknown":
      return (packet) => packet.walk.oracle.ask(match.text);
  }
}

function compileAddressRange(match: AddressRangeMatch): Test {
  const first = parseAddress(match.first)?.value ?? 0n;
  const last = parseAddress(match.last)?.value ?? -1n;
  if (match.kind === "source-range") return (packet) => isInRange(packet.source, first, last, packet);
  return (packet) => isInRange(packet.destination, first, last, packet);
}

/** A trailing `+` stands for any ending; where a hook has no such interface its name is empty. */
function compileInterface(match: InterfaceMatch): Test {
  const side = match.kind === "in-interface" ? "in" : "out";
  if (!match.name.endsWith("+")) return (packet) => packet[side] === match.name;
  const start = match.name.slice(0, -1);
  return (packet) => packet[side].startsWith(start);
}

function compilePorts(module: string, test: Test): Test {
  return (packet) => packet.protocol === module && test(packet);
}

function compileMultiport(match: MultiportMatch): Test {
  const { side, ports } = match;
  return (packet) =>
    (side !== "destination" && portIsIn(packet.sourcePort, ports, packet)) ||
    (side !== "source" && portIsIn(packet.destinationPort, ports, packet));
}

function compileFlags(match: TcpFlagsMatch): Test {
  const bits = (flags: TcpFlagsMatch["mask"]) => flags.reduce((sum, flag) => sum | TCP_FLAG_BITS[flag], 0);
  const [mask, set] = [bits(match.mask), bits(match.set)];
  return (packet) => packet.protocol === "tcp" && (packet.flags & mask) === set;
}

/**
 * Without a socket or without its file only the negated forms hold (owner_mt in xt_owner.c); a kernel socket exists but has no file.
 */
function compileOwner(match: OwnerMatch): Test {
  const { what, ids, negated } = match;
  if (what === "socket-exists") return (packet) => (settleMaker(packet) !== "none") !== negated;
  return (packet) => {
    const maker = settleMaker(packet);
    if (maker === "none" || maker === "kernel" || ids === null) return negated;
    return (maker[what] >= ids.first && maker[what] <= ids.last) !== negated;
  };
}

function compileState(match: StateMatch): Test {
  const states = new Set(match.states);
  const asksSource = match.module === "conntrack" && states.has("SNAT");
  const asksDestination = match.module === "conntrack" && states.has("DNAT");
  return (packet) => {
    const { entry } = packet;
    return (
      states.has(stateOf(packet)) ||
      (asksSource && entry?.natSource === "in-effect") ||
      (asksDestination && entry?.natDestination === "in-effect")
    );
  };
}

function compileAddressType({ kind, types, limit }: AddressTypeMatch): Test {
  return (packet) => {
    const address = kind === "source-type" ? packet.source : packet.destination;
    const device = limit === null ? null : packet[limit];
    return isOfTypes(address, types, device, packet.walk.pod);
  };
}
