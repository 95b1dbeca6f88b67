import type { BlindCode } from "../model/blind-codes.ts";
import type { Hop, Landing, LandingKind } from "../model/landing.ts";
import type { Seen } from "./protocol.ts";

/** What the kernel's errors of a TCP connection or a UDP socket mean for a flow; every other error is the harness's own failure. */
const KIND_OF_ERROR: Readonly<Record<string, LandingKind>> = {
  // A reset in answer to the SYN, or ICMP port-unreachable (REJECT's default).
  ECONNREFUSED: "refused",
  // A reset, or nobody left, once the connection was made.
  ECONNRESET: "reset",
  EPIPE: "reset",
  ETIMEDOUT: "timed-out",
  // No route, or the ICMP errors that REJECT can send; net/ipv4/icmp.c (icmp_err_convert), net/ipv6/icmp.c (tab_unreach).
  ENETUNREACH: "unreachable",
  EHOSTUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  ENONET: "unreachable",
  ENOPROTOOPT: "unreachable",
  EACCES: "unreachable",
};

const NOWHERE = { host: null, listener: null, address: null, port: null, originalDestination: null, source: null };

/** Gives the landing of a flow whose connection failed with an errno's name, after these hops. */
export function makeFailureLanding(code: string, hops: readonly Hop[], what: string): Landing {
  const kind = KIND_OF_ERROR[code];
  return kind ? { kind, ...NOWHERE, hops } : makeBlindLanding("socket-failed", `${what}: ${code}`, hops);
}

/** Gives the landing of an echo request that was replied to; who replied, the records of the hosts say. */
export function makeRepliedLanding(hops: readonly Hop[]): Landing {
  return { kind: "replied", ...NOWHERE, hops };
}

/** Gives the landing of a flow that nothing answered in time. */
export function makeTimedOutLanding(hops: readonly Hop[]): Landing {
  return { kind: "timed-out", ...NOWHERE, hops };
}

/**
 * Gives the landing of a flow whose connection was made and that got no answer in time. `request`: whether the far end's kernel has taken
 * it; then some listener must have recorded it, or is stuck.
 */
export function makeUnansweredLanding(hops: readonly Hop[], request: "delivered" | "not-delivered"): Landing {
  return { kind: "unanswered", ...NOWHERE, hops, cause: request };
}

/** Gives the landing of a flow that has passed the stub too often. */
export function makeLoopLanding(hops: readonly Hop[]): Landing {
  return { kind: "loop", ...NOWHERE, hops };
}

/** Gives `could-not-look` with its code and its cause. */
export function makeBlindLanding(code: BlindCode, cause: string, hops: readonly Hop[] = []): Landing {
  return { kind: "could-not-look", ...NOWHERE, hops, code, cause };
}

/** Gives the landing on a listener, from the listener's own record. */
export function makeListenerLanding(seen: Seen, hops: readonly Hop[]): Landing {
  const { host, listener, address, port, originalDestination, source } = seen;
  return { kind: "listener", host, listener, address, port, originalDestination, source, hops };
}
