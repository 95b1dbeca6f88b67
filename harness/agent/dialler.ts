import { readFileSync } from "node:fs";
import { getSystemErrorName } from "node:util";
import type { Landing } from "../model/landing.ts";
import type { DatagramCrew } from "./datagram-crew.ts";
import { DatagramExchange } from "./datagram-exchange.ts";
import { openDatagramEnds } from "./datagram-sockets.ts";
import { exchange } from "./exchange.ts";
import { describeError } from "./fault.ts";
import { readClock } from "./greeting.ts";
import { dropRole, runInRole } from "./identity.ts";
import { makeBlindLanding, makeFailureLanding } from "./landings.ts";
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
 * flows that are silent wait beside them, unless `inFlight` is 1: then each flow ends before the next begins.
 * `namespaceOf` gives the descriptor of a namespace by name, null for the agent's own.
 */
export async function dialAll(
  dials: readonly Dial[],
  inFlight: number,
  datagrams: DatagramCrew,
  namespaceOf: (name: string | null) => number | null,
): Promise<readonly DialResult[]> {
  if (dials.some(({ protocol }) => protocol === "udp")) await datagrams.start();
  const results: DialResult[] = [];
  const queue = dials.entries();
  const open = new Set<Promise<void>>();
  const company = inFlight === 1 ? "alone" : "beside-others";
  const driveNext = async () => {
    for (const [index, dial] of queue) {
      if (open.size >= OPEN_AT_MOST) await Promise.race(open);
      const driven = driveFlow(dial, namespaceOf(dial.namespace), datagrams, company).then((result) => {
        results[index] = result;
        open.delete(driven);
      });
      open.add(driven);
      await (inFlight === 1 ? driven : endOrSilence(driven).then(endOfRound));
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(inFlight, dials.length)) }, driveNext));
  await Promise.all(open);
  dropRole();
  return results;
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
async function driveFlow(
  dial: Dial,
  namespace: number | null,
  datagrams: DatagramCrew,
  company: Company,
): Promise<DialResult> {
  const start = performance.now();
  const { landing, local } = await (dial.protocol === "udp"
    ? sendDatagrams(dial, namespace, datagrams, company)
    : makeConnection(dial, namespace));
  return { token: dial.token, landing, local, durationMs: performance.now() - start, endedAtMs: readClock() };
}

/** Whether flows are driven one at a time. */
type Company = "alone" | "beside-others";
type Driven = Pick<DialResult, "landing" | "local">;

async function makeConnection(dial: Dial, namespace: number | null): Promise<Driven> {
  const { token, manner, timeoutMs, owner, sourcePort, mark } = dial;
  let local: string | null = null;
  const landing = await exchange(dial, dial.source, { token, manner, timeoutMs, hops: [] }, (target, source) => {
    const opened = runInRole(namespace, owner, () => openConnection(target, source, { port: sourcePort, mark }));
    if ("fd" in opened) local = renderEndpoint(readLocalEndpoint(opened.fd));
    return opened;
  });
  return { landing, local };
}

async function sendDatagrams(
  dial: Dial,
  namespace: number | null,
  datagrams: DatagramCrew,
  company: Company,
): Promise<Driven> {
  const { token, manner, timeoutMs, owner, source, sourcePort, mark } = dial;
  const what = `send a datagram to ${renderEndpoint(dial)}${source === null ? "" : ` from ${source}`}`;
  try {
    const ends = runInRole(namespace, owner, () => openDatagramEnds(dial, source, { port: sourcePort, mark }));
    if ("errno" in ends) return { landing: makeFailureLanding(getSystemErrorName(-ends.errno), [], what), local: null };
    const local = renderEndpoint(readLocalEndpoint(ends.fd));
    const exchanging = new DatagramExchange(ends, dial, datagrams);
    let landing: Landing | null = null;
    for (const each of dial.exchange === "again" ? [`${token} first`, token] : [token])
      landing = await exchanging.run({ token: each, manner, timeoutMs, hops: [] }, company);
    exchanging.close();
    return { landing: landing ?? makeBlindLanding("socket-failed", `cannot ${what}`), local };
  } catch (error) {
    return { landing: makeBlindLanding("socket-failed", `cannot ${what}: ${describeError(error)}`), local: null };
  }
}

/** The soft limit of this process (man 5 proc, /proc/pid/limits). */
function readOpenFilesLimit(): number {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? [];
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft);
}
