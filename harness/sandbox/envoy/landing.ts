import { type Hop, type Landing, makeLanding } from "../../model/landing.ts";
import { MAX_HOPS } from "../../model/pod.ts";
import type { AccessLogEntry } from "./access-log.ts";

/**
 * Gives the passages through Envoy that lead up to a connection, first one first: whoever made the connection from `source` had accepted
 * another one before, and so on back to the flow's actor. `source` is the end point that the last listener saw.
 */
export function passagesTo(source: string, entries: readonly AccessLogEntry[]): readonly AccessLogEntry[] {
  const before = new Map(
    entries.flatMap((entry) => (entry.onwardSource === null ? [] : [[entry.onwardSource, entry]])),
  );
  const passages: AccessLogEntry[] = [];
  for (let entry = before.get(source); entry && !passages.includes(entry); entry = before.get(entry.source)) {
    passages.unshift(entry);
  }
  return passages;
}

/**
 * Gives the landing of a flow that came to nothing behind Envoy, from the entries of that flow alone, as the stub would have told it;
 * null where the entries tell nothing.
 *
 * @example
 * [ { listener: "envoy-inbound", destination: "10.244.0.2:81", flags: "UF,URX", failure: "…Connection_refused", … } ]
 * // { kind: "refused", hops: [ { listener: "envoy-inbound", port: 15006, originalDestination: "10.244.0.2:81" } ], … }
 */
export function landBehindEnvoy(entries: readonly AccessLogEntry[]): Landing | null {
  const last = entries.find((entry) => entry.flags !== "-");
  if (!last) return null;
  const passages = [...passagesTo(last.source, entries), last];
  const hops = passages.map(makeHop);
  if (last.flags.includes("UO")) return makeLanding("loop", { hops: hops.slice(0, MAX_HOPS) });
  if (last.flags.includes("UH")) return landOnEnvoy(last, hops.slice(0, -1));
  if (!last.flags.includes("UF")) return null;
  const reason = last.failure ?? "";
  if (/refused/i.test(reason)) return makeLanding("refused", { hops });
  if (/unreachable/i.test(reason)) return makeLanding("unreachable", { hops });
  return makeLanding(/reset/i.test(reason) ? "reset" : "timed-out", { hops });
}

/** Gives the landing on one of Envoy's own listeners, after these hops. */
export function landOnEnvoy(entry: AccessLogEntry, hops: readonly Hop[] = []): Landing {
  const { listener, port, originalDestination } = makeHop(entry);
  return makeLanding("listener", { host: "pod", listener, port, originalDestination, source: entry.source, hops });
}

/** Gives the passage that an entry tells of; without original destination where the connection was accepted under the address dialled. */
export function makeHop({ listener, port, accepted, destination }: AccessLogEntry): Hop {
  const isUnderDialled = destination === accepted && accepted.endsWith(`:${port}`);
  return { listener, port, originalDestination: isUnderDialled ? null : destination };
}
