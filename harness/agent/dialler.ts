import { readFileSync } from "node:fs";
import type { DatagramCrew } from "./datagram-crew.ts";
import { type DatagramDial, SENT_TOGETHER, sendDatagrams } from "./datagram-dials.ts";
import { exchange, type OpenConnection } from "./exchange.ts";
import { readClock } from "./greeting.ts";
import { dropRole, runInRole } from "./identity.ts";
import type { Dial, DialResult } from "./protocol.ts";
import { renderEndpoint } from "./socket-address.ts";
import { openConnection, readLocalEndpoint } from "./sockets.ts";

/**
 * A flow that has not ended within this time is silent so far: it waits on, and the next flow begins. So silent flows share one wait and
 * do not take turns; any other flow ends within a few milliseconds.
 */
const SILENT_AFTER_MS = 100;
/** Descriptors for everything but flows: listeners, their connections, pipes of commands. */
const OTHER_DESCRIPTORS = 128;
/** Flows that are open at the same time at most, silent ones included: each takes two descriptors. */
const OPEN_AT_MOST = Math.max(8, Math.min(400, Math.floor((readOpenFilesLimit() - OTHER_DESCRIPTORS) / 2)));

/**
 * Drives flows and gives their results in the order asked; never throws for a flow's sake. At most `inFlight` flows are busy at a time;
 * flows that are silent wait beside them, unless `inFlight` is 1: then each flow ends before the next begins, in the order given.
 * Otherwise datagrams go before connections.
 * `namespaceOf` gives the descriptor of a namespace by name, null for the agent's own.
 */
export async function dialAll(
  dials: readonly Dial[],
  inFlight: number,
  datagrams: DatagramCrew,
  namespaceOf: (name: string | null) => number | null,
): Promise<readonly DialResult[]> {
  if (dials.some(({ protocol }) => protocol !== "tcp")) await datagrams.start();
  const flows = [...dials.entries()].map(([index, dial]) => ({ index, dial, namespace: namespaceOf(dial.namespace) }));
  const driving = new Driving(datagrams);
  await (inFlight === 1 ? driving.driveInTurn(flows) : driving.driveTogether(flows, inFlight));
  dropRole();
  return driving.results;
}

interface IndexedDial extends DatagramDial {
  readonly index: number;
}

/** Flows that are being driven, and the results of those that are over. */
class Driving {
  readonly results: DialResult[] = [];
  readonly #datagrams: DatagramCrew;
  readonly #open = new Set<Promise<void>>();

  constructor(datagrams: DatagramCrew) {
    this.#datagrams = datagrams;
  }

  async driveInTurn(flows: readonly IndexedDial[]): Promise<void> {
    for (const flow of flows) {
      if (isDatagram(flow)) this.#send([flow], performance.now());
      else void this.#connect(flow);
      if (this.#open.size > 0) await Promise.all(this.#open);
    }
  }

  async driveTogether(flows: readonly IndexedDial[], inFlight: number): Promise<void> {
    const start = performance.now();
    const [datagrams, connections] = [flows.filter(isDatagram), flows.filter((flow) => !isDatagram(flow))];
    const atOnce = Math.min(inFlight, SENT_TOGETHER, OPEN_AT_MOST);
    for (let at = 0; at < datagrams.length; at += atOnce) {
      while (this.#open.size + atOnce > OPEN_AT_MOST) await Promise.race(this.#open);
      this.#send(datagrams.slice(at, at + atOnce), start);
    }
    const queue = connections.values();
    const connectNext = async () => {
      for (const flow of queue) {
        if (this.#open.size >= OPEN_AT_MOST) await Promise.race(this.#open);
        await endOrSilence(this.#connect(flow)).then(endOfRound);
      }
    };
    await Promise.all(Array.from({ length: Math.min(inFlight, connections.length) }, connectNext));
    await Promise.all(this.#open);
  }

  #connect({ index, dial, namespace }: IndexedDial): Promise<void> {
    return this.#keep(index, makeConnection(dial, namespace));
  }

  #send(flows: readonly IndexedDial[], togetherSince: number): void {
    const ends = sendDatagrams(flows, this.#datagrams, togetherSince);
    for (const [i, { index }] of flows.entries()) {
      const end = ends[i];
      if (end instanceof Promise) void this.#keep(index, end);
      else if (end !== undefined) this.results[index] = end;
    }
  }

  #keep(index: number, driving: Promise<DialResult>): Promise<void> {
    const driven = driving.then((result) => {
      this.results[index] = result;
      this.#open.delete(driven);
    });
    this.#open.add(driven);
    return driven;
  }
}

function isDatagram({ dial }: IndexedDial): boolean {
  return dial.protocol !== "tcp";
}

let round: Promise<void> | null = null;

/**
 * Resolves once all that has happened so far is dealt with. Flows that end together are followed by flows that begin together: one after
 * the other is opened in the same role, and changing it costs as much as opening them.
 */
function endOfRound(): Promise<void> {
  round ??= new Promise((resolve) => {
    setImmediate(() => {
      round = null;
      resolve();
    });
  });
  return round;
}

/** Resolves when a flow has ended, or is silent. */
async function endOrSilence(driven: Promise<void>): Promise<void> {
  const { promise: silence, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, SILENT_AFTER_MS);
  await Promise.race([driven, silence]);
  clearTimeout(timer);
}

/** Drives one flow. Only making the socket needs its namespace and owner: both are the socket's for its life. */
async function makeConnection(dial: Dial, namespace: number | null): Promise<DialResult> {
  const start = performance.now();
  const { token, manner, timeoutMs, owner, sourcePort, mark } = dial;
  let local: string | null = null;
  const open: OpenConnection = (target, source) => {
    const opened = runInRole(namespace, owner, () => openConnection(target, source, { port: sourcePort, mark }));
    if ("fd" in opened) local = renderEndpoint(readLocalEndpoint(opened.fd));
    return opened;
  };
  // A port of its own may be another flow's next.
  const closing = sourcePort === null ? "at-once" : "last";
  const landing = await exchange(dial, dial.source, { token, manner, timeoutMs, hops: [] }, open, closing);
  return { token, landing, local, durationMs: performance.now() - start, endedAtMs: readClock() };
}

/** The soft limit of this process (man 5 proc, /proc/pid/limits). */
function readOpenFilesLimit(): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}
