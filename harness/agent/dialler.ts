import { exchange } from "./exchange.ts";
import { readClock } from "./greeting.ts";
import { dropRole, runInRole } from "./identity.ts";
import type { Dial, DialResult } from "./protocol.ts";
import { renderEndpoint } from "./socket-address.ts";
import { openConnection, readLocalEndpoint } from "./sockets.ts";

/**
 * Drives flows, at most `inFlight` at a time, and gives their results in the order asked; never throws for a flow's sake.
 * `namespaceOf` gives the descriptor of a namespace by name, null for the agent's own.
 */
export async function dialAll(
  dials: readonly Dial[],
  inFlight: number,
  namespaceOf: (name: string | null) => number | null,
): Promise<readonly DialResult[]> {
  const results: DialResult[] = [];
  const queue = dials.entries();
  const driveNext = async () => {
    for (const [index, dial] of queue) results[index] = await driveFlow(dial, namespaceOf(dial.namespace));
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(inFlight, dials.length)) }, driveNext));
  dropRole();
  return results;
}

/** Drives one flow. Only making the socket needs its namespace and owner: both are the socket's for its life. */
async function driveFlow(dial: Dial, namespace: number | null): Promise<DialResult> {
  const { token, manner, timeoutMs, owner } = dial;
  const start = performance.now();
  let local: string | null = null;
  const landing = await exchange(dial, dial.source, { token, manner, timeoutMs, hops: [] }, (target, source) => {
    const opened = runInRole(namespace, owner, () => openConnection(target, source));
    if ("fd" in opened) local = renderEndpoint(readLocalEndpoint(opened.fd));
    return opened;
  });
  return { token, landing, local, durationMs: performance.now() - start, endedAtMs: readClock() };
}
