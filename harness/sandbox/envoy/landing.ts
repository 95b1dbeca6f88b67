import { type EndingKind, type Hop, type Landing, makeBlind, makeLanding, sourceAddress } from "../../model/landing.ts";
import { MAX_HOPS } from "../../model/pod.ts";
import type { AccessLogEntry } from "./access-log.ts";

/** What the C library's words for a failed connection mean for a flow; null (no words) is Envoy's own timer. */
const KINDS: readonly (readonly [RegExp, EndingKind])[] = [
  [/Connection_refused/, "refused"],
  [/Connection_reset/, "reset"],
  [/Connection_timed_out/, "timed-out"],
  [/unreachable|No_route|Host_is_down|not_on_the_network|Protocol_not_available|Permission_denied/, "unreachable"],
];

/**
 * Gives the landing of a flow whose way ended behind these passages through Envoy, the first one first, without an answer; null where
 * they do not tell how it ended. As the stub would have told it, but for a loop: it goes on until Envoy's circuit breaker opens, and is
 * told only once all of it has ended, since what is left of it would stand in the way of the next flow.
 *
 * @example
 * [ { listener: "envoy-inbound", destination: "10.244.0.2:81", flags: "UF,URX", failure: "…Connection_refused", … } ]
 * // { kind: "refused", hops: [ { listener: "envoy-inbound", port: 15006, originalDestination: "10.244.0.2:81" } ], … }
 */
export function landBehindEnvoy(passages: readonly AccessLogEntry[]): Landing | null {
  const last = passages.at(-1);
  if (!last) return null;
  const hops = passages.map(makeEnvoyHop);
  if (hops.length >= MAX_HOPS) return last.onwardSource === null ? landInLoop(passages) : null;
  if (last.flags.includes("UO")) {
    const cause = "Envoy's circuit breaker opened before the flow had looped; flows driven at the same time used it up";
    return makeBlind("envoy-unclear", cause, hops);
  }
  if (last.flags.includes("UH")) return landOnEnvoy(last, hops.slice(0, -1));
  if (last.flags.includes("UF")) return landOnFailure(last.failure, hops);
  return last.onwardClose === "RemoteReset" ? makeLanding("reset", { hops }) : null;
}

/** Gives the landing `loop` with these passages of Envoy as its hops. */
export function landInLoop(passages: readonly AccessLogEntry[]): Landing {
  return makeLanding("loop", { hops: passages.slice(0, MAX_HOPS).map(makeEnvoyHop) });
}

/** Gives the passage that an entry tells of; without original destination where the connection was accepted under the address dialled. */
export function makeEnvoyHop({ listener, port, accepted, destination }: AccessLogEntry): Hop {
  const isUnderDialled = destination === accepted && accepted.endsWith(`:${port}`);
  return { listener, port, originalDestination: isUnderDialled ? null : destination };
}

/** Gives the landing on the listener of Envoy that an entry tells of, after these hops. Envoy closes what is meant for itself. */
export function landOnEnvoy(entry: AccessLogEntry, hops: readonly Hop[]): Landing {
  const address = sourceAddress(entry.accepted);
  return makeLanding("listener", { host: "pod", ...makeEnvoyHop(entry), address, source: entry.source, hops });
}

function landOnFailure(failure: string | null, hops: readonly Hop[]): Landing {
  if (failure === null) return makeLanding("timed-out", { hops });
  const kind = KINDS.find(([words]) => words.test(failure))?.[1];
  return kind ? makeLanding(kind, { hops }) : makeBlind("envoy-unclear", `Envoy: ${failure}`, hops);
}
