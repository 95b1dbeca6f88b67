import { parseAddress, parseEndpoint } from "./address.ts";
import type { BlindCode } from "./blind-codes.ts";
import type { ListenerName } from "./pod.ts";

/** The closed list of ways in which a flow can end. */
export const LANDING_KINDS = [
  "listener",
  "replied",
  "refused",
  "reset",
  "timed-out",
  "unanswered",
  "unreachable",
  "loop",
  "could-not-look",
] as const;

/**
 * How a flow ended. `timed-out`: no connection was made, no listener got the datagram. `unanswered`: the connection was made, or a listener
 * got the datagram, and no answer came back: rules stop the request or its answer, or the answer comes from elsewhere.
 * `could-not-look`: the harness failed; it is never counted as any of the others.
 */
export type LandingKind = (typeof LANDING_KINDS)[number];

/** The ways in which a flow itself can end. */
export type EndingKind = Exclude<LandingKind, "could-not-look">;

/**
 * One passage through the stub Envoy on the way to the landing: the listener's name and port (1–65535).
 *
 * @example
 * { listener: "envoy-inbound", port: 15006, originalDestination: "10.244.0.2:8080" }
 */
export interface Hop {
  readonly listener: ListenerName;
  readonly port: number;
  /** `a.b.c.d:port` or `[v6]:port`: what had been dialled; null where that is the very address that accepted. */
  readonly originalDestination: string | null;
}

/**
 * Where a flow ended and what was seen there; fields that do not apply are null.
 *
 * @example
 * { kind: "listener", host: "pod", listener: "envoy-inbound", address: "10.244.0.2", port: 15006,
 *   originalDestination: "10.244.0.2:8080", source: "10.244.0.3:41234", hops: [] }
 */
export interface Landing {
  readonly kind: LandingKind;
  /** `pod`, `client`, `upstream`, `vm`, or a further host of the pod's shape. With UDP's `unanswered`, whose listener took the datagram. */
  readonly host: string | null;
  readonly listener: ListenerName | null;
  /**
   * The address under which the listener accepted, canonical text: with REDIRECT the one that the kernel redirects to, with TPROXY the one
   * dialled, with DNAT the one translated to. For a predicted `refused`, the address reached. Null in what is demanded where any will do.
   */
  readonly address: string | null;
  /** The port of the listener that accepted (with TPROXY its own, not the one dialled); for a predicted `refused`, the port reached. */
  readonly port: number | null;
  /**
   * What had been dialled, by whoever dialled last; null where that is the very address that accepted: nothing was redirected. A listener
   * in the pod learns it from its kernel; of one on another host, the dialling end tells.
   */
  readonly originalDestination: string | null;
  /** The peer's end point as the listener saw it; a predicted one that the kernel chooses from a range is `FIRST-LAST:0`. */
  readonly source: string | null;
  /** Passages through the stub, in order, the final landing not among them. */
  readonly hops: readonly Hop[];
  /** What kind of thing kept the harness from looking; with `could-not-look`, and only there. */
  readonly code?: BlindCode;
  /** With UDP's `unanswered`: the end point that an answer came from, where that is not the one dialled. Absent otherwise. */
  readonly replyFrom?: string;
  /** Why the harness could not look; only with `could-not-look`. Of an agent's `unanswered`, what became of the request. */
  readonly cause?: string;
}

/**
 * What may be demanded of a landing before it is bound to a flow, as data: what an author writes, read, or what landfall demands by itself.
 *
 * @example
 * // app:8080 via envoy-inbound from 127.0.0.6
 * { kind: "listener", listener: "app", port: 8080, address: null, via: ["envoy-inbound"], source: "127.0.0.6", redirected: "as-dialled" }
 */
export interface LandingSpec {
  readonly kind: EndingKind;
  readonly listener: ListenerName | null;
  /** Null: the listener's own port, or for `app`, `client`, `upstream` the one dialled. */
  readonly port: number | null;
  /** From `at`: the address that must accept. */
  readonly address: string | null;
  /** Listeners passed before, from `via`. */
  readonly via: readonly ListenerName[];
  /** From `from`: the source address the listener must see. */
  readonly source: string | null;
  /** From `redirected`: the original destination must be there although port and host are the ones dialled. */
  readonly redirected: "redirected" | "as-dialled";
  /** The text of a person or a file, where the demand has come from there. */
  readonly written?: string;
}

/**
 * Gives a demand of which all that is not named is left open.
 *
 * @example
 * makeLandingSpec("refused")   // { kind: "refused", listener: null, port: null, address: null, via: [], source: null,
 *                              //   redirected: "as-dialled" }
 */
export function makeLandingSpec(
  kind: EndingKind,
  fields: Partial<Omit<LandingSpec, "kind" | "written">> = {},
): LandingSpec {
  return {
    kind,
    listener: null,
    port: null,
    address: null,
    via: [],
    source: null,
    redirected: "as-dialled",
    ...fields,
  };
}

/**
 * Gives the landing of a flow that ended somehow; every field that is not named is null, and there are no hops.
 *
 * @example
 * makeLanding("refused", { port: 8081 })   // { kind: "refused", host: null, listener: null, address: null, port: 8081,
 *                                          //   originalDestination: null, source: null, hops: [] }
 */
export function makeLanding(kind: EndingKind, fields: Partial<Omit<Landing, "kind">> = {}): Landing {
  return { kind, ...NOWHERE, hops: [], ...fields };
}

/**
 * Gives `could-not-look` with its code and its cause, after these hops.
 *
 * @example
 * makeBlind("no-observation", "the agent of client gave no answer").cause   // "the agent of client gave no answer"
 */
export function makeBlind(code: BlindCode, cause: string, hops: readonly Hop[] = []): Landing {
  return { kind: "could-not-look", ...NOWHERE, hops, code, cause };
}

const NOWHERE = { host: null, listener: null, address: null, port: null, originalDestination: null, source: null };

/**
 * Gives a text that two landings share exactly if nobody can tell them apart. The address that refused is not in it: a reset or an ICMP
 * error comes back from the address dialled, whichever one the rules had sent the packet to.
 */
export function renderLandingKey(landing: Landing): string {
  return JSON.stringify(landing.kind === "refused" ? { ...landing, address: null } : landing);
}

/** Says whether a landing is known by nothing being heard: each flow that ends so costs a time-out. */
export function isSilent(landing: { readonly kind: string } | undefined): boolean {
  return landing?.kind === "timed-out" || landing?.kind === "unanswered";
}

/**
 * Says whether what was seen is what was expected. Compared are kind, for a listener its name, port, original destination and hops, and of
 * a reply its host; an address, and a listener's source, only where `expected` names one, or a range (the source's port never: the kernel
 * chooses it). Of a `loop` the hops seen must begin with those that `expected` names, if any. `could-not-look` agrees with nothing.
 *
 * @example
 * landingsAgree(expected, { ...expected, source: "10.244.0.3:41234" })   // true where `expected.source` is null
 * landingsAgree(expected, { ...expected, originalDestination: null })    // false where `expected` has an original destination
 */
export function landingsAgree(expected: Landing, seen: Landing): boolean {
  if (seen.kind === "could-not-look" || expected.kind !== seen.kind) return false;
  const hopsAgree =
    (expected.kind === "loop" || expected.hops.length === seen.hops.length) &&
    expected.hops.every((hop, i) => hop.listener === seen.hops[i]?.listener && hop.port === seen.hops[i]?.port);
  const isHost = expected.host === null || expected.host === seen.host;
  const isAddress = expected.address === null || expected.address === seen.address;
  if (expected.kind === "replied") return isHost && isAddress;
  if (expected.kind !== "listener") return hopsAgree;
  return (
    hopsAgree &&
    expected.listener === seen.listener &&
    expected.port === seen.port &&
    isAddress &&
    expected.originalDestination === seen.originalDestination &&
    (expected.source === null || isSourceMet(expected.source, seen.source))
  );
}

/** A source of which the kernel chooses the address, `127.0.0.2-127.0.0.9:0`, is met by each of the range. */
function isSourceMet(expected: string, seen: string | null): boolean {
  const [first, last] = /^\[?([^\]-]+)-([^\]]+?)\]?:\d+$/.exec(expected)?.slice(1) ?? [];
  const address = sourceAddress(seen);
  const [low, high, value] = [first, last, address].map((text) => (text ? parseAddress(text)?.value : undefined));
  if (low !== undefined && high !== undefined && value !== undefined) return low <= value && value <= high;
  return sourceAddress(expected) === address;
}

/** Gives the address of an end point: `10.244.0.3` of `10.244.0.3:41234`, `fd00::3` of `[fd00::3]:41234`. */
export function sourceAddress(source: string | null): string | null {
  return source === null ? null : (parseEndpoint(source)?.address ?? source);
}
