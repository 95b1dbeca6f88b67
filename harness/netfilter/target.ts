// Long because one function has a case for each kind of target, and statements and maps call it again.

import type { Range } from "../model/match.ts";
import { mapMatch } from "../model/rule-parts.ts";
import { familyKey } from "../model/ruleset.ts";
import type {
  AssignTarget,
  ConnmarkTarget,
  HopLimitTarget,
  MapTarget,
  NatTarget,
  SocketTarget,
  StatementsTarget,
  Target,
  TproxyTarget,
  ZoneTarget,
} from "../model/target.ts";
import { compileKeys, isElement } from "./compare.ts";
import { type Action, CONTINUE, type CompiledChain, RETURN_VERDICT, type RuleVerdict } from "./compiled-chain.ts";
import { compileMatch } from "./match.ts";
import { redirectAddress, setDestination, setSource } from "./nat.ts";
import { choicePort, hasPorts, noteTemplate, type Packet, type TrackingTemplate } from "./packet.ts";
import { assignListener } from "./socket-match.ts";
import { ACCEPT, DROP } from "./verdict.ts";

/** TTL and hop limit are one byte; the targets that change them stop at its ends (ttl_tg in xt_HL.c). */
const MAX_HOP_LIMIT = 255;

/** Gives the chain that a jump names. */
type FindChain = (name: string) => CompiledChain;

/** Compiles a rule's target; `findChain` gives the chain a jump names. A rule without target only counts. */
export function compileTarget(target: Target | null, findChain: FindChain): Action {
  if (target === null) return () => CONTINUE;
  switch (target.kind) {
    case "accept":
      return () => ACCEPT;
    case "drop":
      return () => DROP;
    case "return":
      return () => RETURN_VERDICT;
    case "log":
    case "counter":
    case "continue":
    case "side-effect":
      return () => CONTINUE;
    case "hop-limit":
      return (packet) => changeHopLimit(packet, target);
    case "tee":
      return (packet) => copy(packet, target.gateway);
    case "track":
      return (packet) => chooseTracking(packet, { text: `CT ${target.options}`, zone: null });
    case "zone":
      return (packet) => chooseZone(packet, target);
    case "jump":
    case "goto":
      return constant({ kind: target.kind, chain: findChain(target.chain) });
    case "reject":
      return (packet) => (isRejectable(packet, target.with) ? { kind: "reject", with: target.with } : OTHER_KIND);
    case "redirect":
      return (packet) => redirect(packet, target.ports, target.random);
    case "dnat":
      return (packet) => (isOfFamily(packet, target) ? translateDestination(packet, target) : OTHER_KIND);
    case "snat":
      return (packet) => (isOfFamily(packet, target) ? translateSource(packet, target) : OTHER_KIND);
    case "masquerade":
      return (packet) => masquerade(packet, target.ports, target.flags);
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
    case "statements":
      return compileStatements(target, findChain);
    case "map":
      return compileMap(target, findChain);
    case "assign":
      return (packet) => assign(packet, target);
    case "tproxy-socket":
      return (packet) => (isOfFamily(packet, target) ? giveToSocket(packet, target) : OTHER_KIND);
    case "notrack":
      return (packet) => leaveUntracked(packet, target.module);
    case "unknown":
      return (packet) => {
        packet.walk.oracle.giveUp(target.text);
        return DROP;
      };
  }
}

/** nft asks for the family or protocol itself before a target that is for one alone; where that fails, the rule ends. */
const OTHER_KIND: RuleVerdict = { kind: "break", failed: undefined };

function isOfFamily({ family }: Packet, target: { readonly family?: "ip" | "ip6" }): boolean {
  return target.family === undefined || target.family === familyKey(family);
}

function isRejectable({ family, protocol }: Packet, how: string): boolean {
  if (how === "tcp-reset") return protocol === "tcp";
  return family === 4 ? !how.startsWith("icmp6-") : !how.startsWith("icmp-");
}

/** Statements follow each other as long as their matches hold and none of them decides. */
function compileStatements({ statements }: StatementsTarget, findChain: FindChain): Action {
  const steps = statements.map((part) =>
    "match" in part
      ? { failed: part.match, test: compileMatch(part.match), act: null }
      : { failed: undefined, test: null, act: compileTarget(part.target, findChain) },
  );
  return (packet) => {
    for (const { failed, test, act } of steps) {
      if (test !== null && !test(packet)) return { kind: "break", failed };
      const verdict = act === null ? CONTINUE : act(packet);
      if (verdict.kind !== "continue") return verdict;
    }
    return CONTINUE;
  };
}

/** A value that the map does not hold ends the rule, as does a key that the packet lacks (nft_lookup_eval). */
function compileMap(target: MapTarget, findChain: FindChain): Action {
  const read = compileKeys(target.keys);
  const branches = target.branches.map(({ element, target: to }) => ({ element, act: compileTarget(to, findChain) }));
  const missed: RuleVerdict = { kind: "break", failed: mapMatch(target) };
  return (packet) => {
    const readings = read(packet);
    if (readings === null) return missed;
    const taken = branches.find(({ element }) => element === null || isElement(readings, element, packet));
    return taken === undefined ? missed : taken.act(packet);
  };
}

/** Without a connection its mark cannot be read, which ends the rule; that it cannot be set does not (net/netfilter/nft_ct.c). */
function assign(packet: Packet, { to, from, and, xor }: AssignTarget): RuleVerdict {
  if (to === "connection" || from === "connection") noteTemplate(packet);
  const { entry } = packet;
  if (from === "connection" && entry === null) return { kind: "break", failed: undefined };
  const read = { packet: packet.mark, connection: entry?.mark ?? 0, value: 0 }[from];
  const value = ((read & and) ^ xor) >>> 0;
  if (to === "packet") packet.mark = value;
  else if (entry !== null) entry.mark = value;
  return CONTINUE;
}

/** See {@link SocketTarget}: nft_tproxy_eval ends the rule where no transparent socket takes the packet. */
function giveToSocket(packet: Packet, { port }: SocketTarget): RuleVerdict {
  if (packet.error !== null || !assignListener(packet, port ?? packet.destinationPort))
    return { kind: "break", failed: undefined };
  return CONTINUE;
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
  const port = chooseSourcePort(packet, target.ports, target.flags);
  setSource(packet.entry, { address: chooseSource(packet, target), port });
  return ACCEPT;
}

function masquerade(packet: Packet, ports: Range | null, flags: readonly string[]): RuleVerdict {
  if (packet.entry === null) return ACCEPT;
  const address = packet.walk.pod.masqueradeAddress(packet);
  setSource(packet.entry, { address, port: chooseSourcePort(packet, ports, flags) });
  return ACCEPT;
}

/** A port inside the range stays; otherwise the first is taken, unless chance is asked for (nf_nat_l4proto_unique_tuple). */
function choosePort(packet: Packet, port: number, ports: Range | null, random: boolean): number {
  if (ports === null || !hasPorts(packet)) return port;
  if (random && ports.first !== ports.last) packet.walk.oracle.giveUp(`a random port of ${ports.first}-${ports.last}`);
  return port >= ports.first && port <= ports.last && !random ? port : ports.first;
}

/** What `random` and `random-fully` choose from where no ports are given (nf_nat_l4proto_unique_tuple in nf_nat_core.c). */
const RANDOM_PORTS: Range = { first: 1024, last: 65535 };

/** Whichever port of a range the kernel chooses, the connection lands alike: only a rule that splits the range makes it a question. */
function chooseSourcePort(packet: Packet, ports: Range | null, flags: readonly string[]): number {
  const { sourcePort } = packet;
  if (!hasPorts(packet)) return sourcePort;
  const isRandom = flags.includes("random") || flags.includes("random-fully");
  if (ports === null) return isRandom ? choicePort(RANDOM_PORTS) : sourcePort;
  const keepsPort = sourcePort >= ports.first && sourcePort <= ports.last && !isRandom;
  return keepsPort ? sourcePort : choicePort(ports);
}

/** A source inside the range stays (get_unique_tuple in nf_nat_core.c); any other becomes one of the range, whichever. */
function chooseSource(packet: Packet, { addresses, ports, flags }: NatTarget): Packet["source"] {
  if (addresses === null) return packet.source;
  const { book } = packet.walk.pod;
  const [first, last] = [book.find(addresses.first), book.find(addresses.last)];
  if (first === last) return first;
  const { value, last: end } = packet.source;
  const stays = first.value <= value && end <= last.value && ports === null && !flags.includes("random-fully");
  if (stays) return packet.source;
  const any = book.findAny(addresses.first, addresses.last);
  if (any === null) packet.walk.oracle.giveUp(`an address of ${addresses.first}-${addresses.last}`);
  return any ?? first;
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

function changeHopLimit(packet: Packet, { change, value }: HopLimitTarget): RuleVerdict {
  const changed = { set: value, dec: packet.hopLimit - value, inc: packet.hopLimit + value }[change];
  packet.hopLimit = Math.min(Math.max(changed, 0), MAX_HOP_LIMIT);
  return CONTINUE;
}

/** The copy leaves as the packet is now. What the pod sends itself this way comes to sockets that the packet was not for. */
function copy(packet: Packet, gateway: string): RuleVerdict {
  const { host } = packet.walk.pod.book.find(gateway);
  const text = `TEE --gateway ${gateway}`;
  if (host === "pod" || host === "loopback") packet.walk.oracle.giveUp(`${text}, an address of the pod's own`);
  // Whoever passes the copy of a datagram on brings it to its listener twice.
  if (packet.protocol !== "tcp" && packet.error === null) packet.walk.oracle.giveUp(`${text}, of a datagram`);
  // The copy of what the pod sends itself leaves it, and the network's errors about it end the pod's own connection.
  if (packet.in === "lo") packet.walk.oracle.giveUp(`${text}, of a packet on lo`);
  // Whoever passes on the copy of what came in brings it back, to be copied again; such late segments reset connections.
  else if (packet.in !== "") packet.walk.oracle.giveUp(`${text}, of a packet that came in by ${packet.in}`);
  packet.copiedBy = text;
  return CONTINUE;
}

/** A packet that has a connection or a template already, or is not to be tracked, is left as it is (xt_ct_target in xt_CT.c). */
function chooseTracking(packet: Packet, template: TrackingTemplate): RuleVerdict {
  const isFree = packet.entry === null && packet.state !== "UNTRACKED" && packet.tracking === "open";
  if (isFree) packet.template ??= template;
  return CONTINUE;
}

/**
 * nft's own looks only whether there is a connection or a template: what was not to be tracked is tracked after all
 * (nft_ct_set_zone_eval in net/netfilter/nft_ct.c).
 */
function chooseZone(packet: Packet, target: ZoneTarget): RuleVerdict {
  if (target.module === "nft" && packet.entry === null && packet.template === null) {
    packet.tracking = "open";
    if (packet.state === "UNTRACKED") packet.state = "INVALID";
  }
  return chooseTracking(packet, { text: `CT of zone ${target.zone}`, zone: target });
}

function markConnection(packet: Packet, target: ConnmarkTarget): RuleVerdict {
  noteTemplate(packet);
  const { entry } = packet;
  if (entry === null) return CONTINUE;
  if (target.kind === "connmark-set") entry.mark = setBits(entry.mark, target.value, target.mask);
  else if (target.kind === "connmark-save")
    entry.mark = setBits(entry.mark, packet.mark & target.nfmask, target.ctmask);
  else packet.mark = setBits(packet.mark, entry.mark & target.ctmask, target.nfmask);
  return CONTINUE;
}

/** See {@link chooseTracking}: NOTRACK is the same target. nft's own looks only whether there is a connection or a template. */
function leaveUntracked(packet: Packet, module: "CT" | "NOTRACK" | "nft"): RuleVerdict {
  const isOpen = module === "nft" || packet.tracking === "open";
  if (isOpen && packet.entry === null && packet.template === null) packet.state = "UNTRACKED";
  return CONTINUE;
}
