import { createServer, type Server, type Socket } from "node:net";
import type { Landing } from "../model/landing.ts";
import { type Greeting, readClock } from "./greeting.ts";
import { makeListenerLanding } from "./landings.ts";
import { findOriginalDestination } from "./original-destination.ts";
import type { ListenerSpec, Seen } from "./protocol.ts";
import { type Endpoint, renderEndpoint } from "./socket-address.ts";
import { openListeningSocket } from "./sockets.ts";
import type { MeantEnds } from "./stub-envoy.ts";

/** A greeting is one short line; whoever sends more is no flow of ours. */
const GREETING_BYTES_AT_MOST = 8192;

/** What a listener does with a connection once its greeting is read: tells of it, and finds the landing to answer. */
export interface ListenerDuties {
  readonly report: (seen: Seen) => void;
  readonly forward: (greeting: Greeting, seen: Seen, ends: MeantEnds) => Promise<Landing>;
}

/**
 * Opens a listener on both families, or on the one address it is for, in the calling thread's present namespace and as its present owner.
 * Throws a SyscallError; then nothing is left open.
 */
export function openListener(spec: ListenerSpec, duties: ListenerDuties): OpenListener {
  const servers: Server[] = [];
  try {
    for (const family of socketFamilies(spec)) {
      const fd = openListeningSocket(family, spec.port, spec.mode, spec.address);
      servers.push(createServer((socket) => serve(socket, spec, duties)).listen({ fd }));
    }
    return { close: () => closeAll(servers) };
  } catch (error) {
    closeAll(servers);
    throw error;
  }
}

/** Gives the families whose sockets a listener needs: that of the one address it is for, or both. */
export function socketFamilies({ address }: Pick<ListenerSpec, "address">): readonly (4 | 6)[] {
  if (address === null) return [4, 6];
  return address.includes(":") ? [6] : [4];
}

/** An open listener for TCP connections, to be closed. */
export interface OpenListener {
  /** Takes no more connections; those that are being served go on to their end. */
  readonly close: () => void;
}

function closeAll(servers: readonly Server[]): void {
  for (const server of servers) server.close();
}

function serve(socket: Socket, spec: ListenerSpec, duties: ListenerDuties): void {
  const local = { address: socket.localAddress ?? "", port: socket.localPort ?? 0 };
  const peer = { address: socket.remoteAddress ?? "", port: socket.remotePort ?? 0 };
  const redirectedFrom = findOriginalDestination(descriptorOf(socket), local, peer, spec.port);
  let text = "";
  // The dialler may be gone before the answer: then it has its landing already.
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    text += chunk.toString("latin1");
    const greeting = text.endsWith("\n") ? parseGreeting(text) : null;
    if (greeting === null && !text.endsWith("\n") && text.length < GREETING_BYTES_AT_MOST) return;
    if (greeting === null) return void socket.destroy();
    const seen = makeSeen(spec, greeting, { redirectedFrom, local, peer });
    duties.report(seen);
    void decideLanding(spec, greeting, seen, { destination: redirectedFrom ?? local, peer: peer.address }, duties).then(
      (landing) => socket.end(`${JSON.stringify({ token: greeting.token, landing })}\n`),
    );
  });
}

function decideLanding(
  spec: ListenerSpec,
  greeting: Greeting,
  seen: Seen,
  ends: MeantEnds,
  duties: ListenerDuties,
): Promise<Landing> {
  if (spec.stub !== null && greeting.manner === "forward") return duties.forward(greeting, seen, ends);
  return Promise.resolve(makeListenerLanding(seen, greeting.hops));
}

/** The ends of an accepted connection. */
interface AcceptedEnds {
  readonly redirectedFrom: Endpoint | null;
  readonly local: Endpoint;
  readonly peer: Endpoint;
}

function makeSeen(spec: ListenerSpec, { token, hops }: Greeting, ends: AcceptedEnds): Seen {
  const { host, listener, port } = spec;
  const { redirectedFrom, local, peer } = ends;
  const source = renderEndpoint(peer);
  const originalDestination = redirectedFrom && renderEndpoint(redirectedFrom);
  const seen = { token, host, listener, address: local.address, port, originalDestination, source };
  return { ...seen, hopsBefore: hops.length, atMs: readClock() };
}

/** Reads the greeting of a flow; null where the text is not one. */
export function parseGreeting(text: string): Greeting | null {
  try {
    const greeting = JSON.parse(text) as Greeting;
    return typeof greeting.token === "string" && Array.isArray(greeting.hops) ? greeting : null;
  } catch {
    return null;
  }
}

/** Node keeps the descriptor of an accepted socket to itself; its handle has had it under this name since Node 0.x. */
function descriptorOf(socket: Socket): number {
  return (socket as unknown as { readonly _handle: { readonly fd: number } | null })._handle?.fd ?? -1;
}
