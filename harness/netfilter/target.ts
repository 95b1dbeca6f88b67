import type { Range } from "../model/match.ts";
import type { ConnmarkTarget, NatTarget, Target, TproxyTarget } from "../model/target.ts";
import type { CompiledChain } from "./chain.ts";
import { redirectAddress, setDestination, setSource } from "./nat.ts";
import type { Packet } from "./packet.ts";
import { assignListener } from "./socket-match.ts";
import { ACCEPT, CONTINUE, DROP, RETURN, type RuleVerdict } from "./verdict.ts";

/** Does what a target does to a packet that matches, and gives the rule's verdict. */
export type Action = (packet: Packet) => RuleVerdict;

/** Compiles a rule's target; `findChain` gives the chain a jump names. A rule without target only counts. */
export function compileTarget(target: Target | null, findChain: (name: string) => CompiledChain): Action {
  if (target === null) return () => CONTINUE;
  switch (target.kind) {
    case "accept":
      return () => ACCEPT;
    case "drop":
      return () => DROP;
    case "return":
      return () => RETURN;
    case "log":
      return () => CONTINUE;
    case "jump":
    case "goto":
      return constant({ kind: target.kind, chain: findChain(target.chain) });
    case "reject":
      return constant({ kind: "reject", with: target.with });
    case "redirect":
      return (packet) => redirect(packet, target.ports, target.random);
    case "dnat":
      return (packet) => translateDestination(packet, target);
    case "snat":
      return (packet) => translateSource(packet, target);
    case "masquerade":
      return (packet) => masquerade(packet, target.ports);
    case "tproxy":
      return (packet) => tproxy(packet, target);
    case "mark":
      return (packet) => {
        packet.mark = setBits(packet.mark, target.value, target.mask);
        return CONTINUE;
      };
    case "connmark-set":
    case "connmark-save":
    case "connmark-restore":
      return (packet) => markConnection(packet, target);
    case "notrack":
      return leaveUntracked;
    case "unknown":
      return (packet) => {
        packet.walk.oracle.giveUp(target.text);
        return DROP;
      };
  }
}

function constant(verdict: RuleVerdict): Action {
  return () => verdict;
}

/** Gives `(mark & ~mask) ^ value` as an unsigned 32-bit number. */
function setBits(mark: number, value: number, mask: number): number {
  return ((mark & ~mask) ^ value) >>> 0;
}

function redirect(packet: Packet, ports: Range | null, random: boolean): RuleVerdict {
  const address = redirectAddress(packet);
  if (packet.entry === null || address === null) return packet.entry === null ? ACCEPT : DROP;
  const port = choosePort(packet, packet.destinationPort, ports, random);
  setDestination(packet.entry, { address: packet.walk.pod.book.find(address), port });
  return ACCEPT;
}

function translateDestination(packet: Packet, target: NatTarget): RuleVerdict {
  if (packet.entry === null) return ACCEPT;
  const port = choosePort(packet, packet.destinationPort, target.ports, target.flags.length > 0);
  setDestination(packet.entry, { address: chooseAddress(packet, packet.destination, target), port });
  return ACCEPT;
}

function translateSource(packet: Packet, target: NatTarget): RuleVerdict {
  if (packet.entry === null) return ACCEPT;
  const port = chooseSourcePort(packet, target.ports);
  setSource(packet.entry, { address: chooseAddress(packet, packet.source, target), port });
  return ACCEPT;
}

function masquerade(packet: Packet, ports: Range | null): RuleVerdict {
  if (packet.entry === null) return ACCEPT;
  const address = packet.walk.pod.masqueradeAddress(packet);
  setSource(packet.entry, { address, port: chooseSourcePort(packet, ports) });
  return ACCEPT;
}

/** A port inside the range stays; otherwise the first is taken, unless chance is asked for (nf_nat_l4proto_unique_tuple). */
function choosePort(packet: Packet, port: number, ports: Range | null, random: boolean): number {
  if (ports === null) return port;
  if (random && ports.first !== ports.last) packet.walk.oracle.giveUp(`a random port of ${ports.first}-${ports.last}`);
  return port >= ports.first && port <= ports.last && !random ? port : ports.first;
}

function chooseSourcePort(packet: Packet, ports: Range | null): number {
  if (ports === null) return packet.sourcePort;
  if (ports.first !== ports.last) packet.walk.oracle.giveUp(`a source port of ${ports.first}-${ports.last}`);
  return ports.first;
}

function chooseAddress(packet: Packet, address: Packet["source"], { addresses }: NatTarget): Packet["source"] {
  if (addresses === null) return address;
  if (addresses.first !== addresses.last)
    packet.walk.oracle.giveUp(`an address of ${addresses.first}-${addresses.last}`);
  return packet.walk.pod.book.find(addresses.first);
}

/** Without a transparent listener at the port the packet is lost (tproxy_tg4 in xt_TPROXY.c). */
function tproxy(packet: Packet, target: TproxyTarget): RuleVerdict {
  if (!assignListener(packet, target.port)) return DROP;
  packet.mark = setBits(packet.mark, target.mark.value, target.mark.mask);
  return ACCEPT;
}

function markConnection(packet: Packet, target: ConnmarkTarget): RuleVerdict {
  const { entry } = packet;
  if (entry === null) return CONTINUE;
  if (target.kind === "connmark-set") entry.mark = setBits(entry.mark, target.value, target.mask);
  else if (target.kind === "connmark-save")
    entry.mark = setBits(entry.mark, packet.mark & target.nfmask, target.ctmask);
  else packet.mark = setBits(packet.mark, entry.mark & target.ctmask, target.nfmask);
  return CONTINUE;
}

/** A packet that has a connection already, as on loopback, is left as it is (xt_ct_target in xt_CT.c). */
function leaveUntracked(packet: Packet): RuleVerdict {
  if (packet.entry === null) packet.state = "UNTRACKED";
  return CONTINUE;
}
