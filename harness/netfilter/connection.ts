// Long because it makes a connection packet by packet, with what becomes of each that is lost.
import type { Family } from "../model/address.ts";
import type { HostName, Owner } from "../model/pod.ts";
import { tupleOf } from "./conntrack.ts";
import type { EndPoint, Entry } from "./entry.ts";
import type { NewSocket } from "./maker.ts";
import { type Arrival, carryPacket } from "./network.ts";
import { FLAGS, type Packet } from "./packet.ts";
import { makeKernelReset, tellsUnreachable } from "./reject.ts";
import {
  carrySegment,
  type Ending,
  makeSegment,
  RESET,
  reaches,
  sendSegment,
  TIMED_OUT,
  UNANSWERED,
} from "./segment.ts";
import type { Listener, Socket } from "./sockets.ts";
import type { Walk } from "./walk.ts";

/** A connection to be made: who dials, from where and to where. */
export interface Attempt {
  readonly family: Family;
  readonly host: HostName;
  readonly source: EndPoint;
  readonly destination: EndPoint;
  readonly owner: Owner;
  /** Mark of the socket that dials (`SO_MARK`), which all of its packets carry. */
  readonly mark: number;
}

const UNREACHABLE: Ending = { kind: "unreachable" };

/**
 * Makes a connection packet by packet: SYN, SYN-ACK, ACK, a request, its ACK, an answer. A SYN of which nobody has heard is repeated once:
 * where connection tracking knows it by then, nat is not asked again, and a mark that the first attempt left on the connection counts; and
 * after a SYN-ACK that was lost it is ESTABLISHED. Any other packet that is lost is lost again each time it is repeated. Answers to lost
 * packets (resets, ICMP errors) travel through the same rules.
 */
export function makeConnection(walk: Walk, attempt: Attempt): Ending {
  if (attempt.destination.address.use === "not-connectable") return UNREACHABLE;
  const { host: from, source, destination, owner, mark } = attempt;
  // Only a transparent socket has another host's address (`openConnection` of the agent).
  const isOwn = source.address.host === from || source.address.host === "loopback";
  const mode = from === "pod" && !isOwn ? "transparent" : "plain";
  const dialler = openSocket(walk, { host: from, local: source, remote: destination, owner, mode, mark });
  const requests: Requests = new Map();
  const ending = dial(walk, attempt, dialler, requests);
  return ending === TIMED_OUT && walk.entries.length > 0 ? dial(walk, attempt, dialler, requests) : ending;
}

/** The sockets of connections that a SYN has asked for and that are not made yet, with the listeners that they are for. */
type Requests = Map<Socket, Listener>;

function dial(walk: Walk, attempt: Attempt, dialler: Socket, requests: Requests): Ending {
  const { destination } = attempt;
  const syn = makeSegment(walk, dialler, FLAGS.syn);
  const arrival = carryPacket(syn, walk, attempt.host);
  if (arrival.kind === "lost") return endByAnswer(arrival, walk, dialler, syn);
  const { host } = arrival;
  const request = findRequest(syn, requests);
  const listener =
    (request ? requests.get(request) : assignedListener(syn)) ??
    walk.pod.findListener(host, syn.destinationPort, "tcp", syn.destination);
  if (!canAnswer(syn, host, listener)) return TIMED_OUT;
  if (listener === null) return refuse(syn, walk, host, dialler);
  const ends = tupleOf(syn);
  const tracked = canBeAskedFor(syn.entry) ? syn.entry.original.destination : ends.destination;
  const dialled = host === "pod" ? tracked : destination;
  if (isSureOfAnswer(syn, walk, attempt, host)) return { kind: "listener", listener, ends, dialled };
  const { destination: local, source: remote } = ends;
  const server =
    request ?? openSocket(walk, { host, local, remote, owner: listener.owner, mode: listener.mode, mark: 0 });
  requests.set(server, listener);
  return converse(walk, dialler, server) ?? { kind: "listener", listener, ends, dialled };
}

/** Gives the socket that a first SYN has made and TPROXY has given the repeated one to, whoever listens at its port. */
function findRequest({ assigned }: Packet, requests: Requests): Socket | null {
  // A listener has no remote end.
  return assigned !== null && "remote" in assigned && requests.has(assigned) ? assigned : null;
}

/**
 * Where only nat has rules and the source is unchanged, what follows the SYN meets no rule and finds its way back: between the pod and
 * its link's address, or inside the pod.
 */
function isSureOfAnswer(syn: Packet, { pod, recorder }: Walk, attempt: Attempt, host: HostName) {
  const { family, source, entry } = syn;
  // What has both ends at one place finds its own dialler there.
  if (source.text === syn.destination.text && syn.sourcePort === syn.destinationPort) return false;
  if (recorder !== null || pod.shows[family] === "every packet" || entry?.natSource === "in-effect") return false;
  // What answers a socket of the pod with another host's address goes to that host, unless a mark is routed otherwise.
  if (attempt.host === "pod" && host === "pod") return source.host === "pod" || source.host === "loopback";
  return host === "pod" || source.text === pod.addresses.pod[family];
}

/** Carries what follows the SYN; gives how the connection ends, or null where both ends have heard each other. */
function converse(walk: Walk, dialler: Socket, server: Socket): Ending | null {
  const greeted = sendSegment(walk, server, dialler, FLAGS.synAck);
  // The SYN is repeated. A request that a reset has ended is not there any more.
  if (greeted === RESET) walk.sockets.splice(walk.sockets.indexOf(server), 1);
  if (greeted !== null) return TIMED_OUT;
  const acknowledged = sendSegment(walk, dialler, server, FLAGS.ack);
  if (acknowledged === RESET) return RESET;
  const request = sendSegment(walk, dialler, server, FLAGS.data);
  if (request !== null) return afterHandshake(request);
  return finish(walk, dialler, server, startedBy(walk, dialler, server));
}

/**
 * Carries what follows the request: its ACK, made by `maker`, and the answer. The kernel acknowledges a first request at once
 * (tcp_in_quickack_mode), whether the listener has accepted or not. Nobody misses it.
 */
function finish(walk: Walk, dialler: Socket, server: Socket, maker: Packet["maker"]): Ending | null {
  const taken = sendSegment(walk, server, dialler, FLAGS.ack, maker);
  if (taken === RESET) return outlive(walk, dialler, server);
  const answer = sendAnswer(walk, server, dialler);
  if (answer !== RESET) return answer && afterHandshake(answer);
  return taken === null ? UNANSWERED : outlive(walk, dialler, server);
}

/** Silence once the dialler has its connection is no time-out of `connect`. */
function afterHandshake(ending: Ending): Ending {
  return ending === TIMED_OUT ? UNANSWERED : ending;
}

/**
 * The listener answers and closes. What its own kernel drops on the way out counts as not sent, and goes with the FIN (`tcp_send_fin` in
 * net/ipv4/tcp_output.c).
 */
function sendAnswer(walk: Walk, server: Socket, dialler: Socket): Ending | null {
  const packet = makeSegment(walk, server, FLAGS.data);
  const ending = carrySegment(packet, walk, server, dialler);
  const isUnsent = ending === TIMED_OUT && server.host === "pod" && packet.in === "";
  return isUnsent ? sendSegment(walk, server, dialler, FLAGS.lastData) : ending;
}

/**
 * Gives who makes the ACK of a first request. Whether its listener has accepted by then is a question only where the connection may end
 * otherwise for it; both are tried, with all answers to what else is not known, when some rule asks for the first time.
 */
function startedBy({ entries, sockets, ...walk }: Walk, dialler: Socket, server: Socket): NewSocket {
  const known = entries.map((entry) => ({ ...entry }));
  const matters = () => {
    const tried = [server.owner, "none" as const].map((maker) =>
      walk.oracle.tryAll((oracle) => {
        const copied = { entries: known.map((entry) => ({ ...entry })), sockets: [...sockets] };
        return finish({ ...walk, ...copied, oracle, recorder: null }, dialler, server, maker)?.kind ?? null;
      }),
    );
    const outcomes = new Set(tried.flatMap((each) => each.outcomes));
    return outcomes.size > 1 || tried.some(({ gaveUp }) => gaveUp.length > 0);
  };
  return { acceptedBy: server.owner, matters };
}

/** A reset has ended the server's socket; what the dialler sends again, having heard of nothing, finds nobody. */
function outlive(walk: Walk, dialler: Socket, server: Socket): Ending {
  walk.sockets.splice(walk.sockets.indexOf(server), 1);
  return afterHandshake(sendSegment(walk, dialler, server, FLAGS.data) ?? TIMED_OUT);
}

/** SO_ORIGINAL_DST looks in the default zone only (getorigdst in net/netfilter/nf_conntrack_proto.c). */
function canBeAskedFor(entry: Packet["entry"]): entry is Entry {
  return entry !== null && entry.zones.reply === 0;
}

/** Gives the listener that TPROXY has given a packet to; null where it has given it to none. */
export function assignedListener({ assigned }: Packet): Listener | null {
  return assigned !== null && "name" in assigned ? assigned : null;
}

/** The host has nobody at that port and sends a reset. */
function refuse(syn: Packet, walk: Walk, host: HostName, dialler: Socket): Ending {
  const at = tupleOf(syn).destination;
  return reaches(makeKernelReset(syn), walk, host, dialler) ? { kind: "refused", at } : TIMED_OUT;
}

/** Gives what the answer to a lost first packet makes of the attempt; it times out if none arrives. */
export function endByAnswer(arrival: Arrival & { kind: "lost" }, walk: Walk, sender: Socket, lost: Packet): Ending {
  if (arrival.answer === null || !reaches(arrival.answer.packet, walk, arrival.answer.from, sender)) return TIMED_OUT;
  if (tellsUnreachable(arrival.answer.packet)) return UNREACHABLE;
  return { kind: "refused", at: tupleOf(lost).destination };
}

/**
 * A pod that is made to take a packet for an address that is not its own (by a marked route) can answer over IPv4 from a transparent
 * socket only (`ip_route_output_key_hash` refuses the source).
 */
function canAnswer(syn: Packet, host: HostName, listener: Listener | null): boolean {
  const isOwn = syn.destination.host === "loopback" || syn.destination.host === host;
  return isOwn || syn.family === 6 || listener?.mode === "transparent";
}

/** Adds a socket to those that the walk's packets can find. */
export function openSocket(walk: Walk, socket: Socket): Socket {
  walk.sockets.push(socket);
  return socket;
}
