import { renderEndpoint } from "../../model/address.ts";
import type { Landing } from "../../model/landing.ts";
import type { AccessLogEntry } from "./access-log.ts";
import { landBehindEnvoy, makeEnvoyHop } from "./landing.ts";

/** A driven flow as its two ends know it; what lies between, Envoy's log has to tell. */
export interface DrivenFlow {
  /** The dialling socket's end point; null where none was made. */
  readonly local: string | null;
  /** The end point dialled. */
  readonly dialled: string;
  /** What the far end answered, confirmed by its own record; or how the connection ended. Without hops. */
  readonly landing: Landing;
}

/** `told`: the log and both ends agree. `untold`: the log may still grow; should it not, `landing` is all that can be said. */
export interface FlowTrace {
  readonly state: "told" | "untold";
  readonly landing: Landing;
  /** The flow's entries, the first passage first. */
  readonly passages: readonly AccessLogEntry[];
}

/** `complete`: no entry of the flow is still to come, so that one may be found by elimination. */
export type LogState = "growing" | "complete";

/** A connection as it was dialled, from where to where. */
interface Connection {
  readonly from: string;
  readonly to: string;
}

/**
 * Finds the way of a flow through Envoy in the access log of its time: whoever dialled `to` from `from` is the peer of the entry with
 * that source and that destination, whose own connection onward leads to the next, and so on to the landing. The log knows no token; both
 * ends do, and the addresses of the connections join them.
 */
export function traceFlow(flow: DrivenFlow, entries: readonly AccessLogEntry[], log: LogState): FlowTrace {
  if (isDirect(flow)) return { state: "told", landing: flow.landing, passages: [] };
  const passages = flow.local === null ? [] : findPassages({ from: flow.local, to: flow.dialled }, entries, log);
  const landing = landFlow(flow, passages);
  return { state: landing ? "told" : "untold", landing: landing ?? flow.landing, passages };
}

/**
 * Says whether a flow has not met Envoy: the listener saw the very end point that dialled; or no connection was made, and Envoy accepts
 * before it dials on.
 */
function isDirect({ local, landing }: DrivenFlow): boolean {
  if (landing.kind === "listener") return landing.source === local;
  return local === null || (landing.kind !== "reset" && landing.kind !== "could-not-look");
}

/** Gives the landing of a flow that has met Envoy, where both ends and the passages between fit together; else null. */
function landFlow({ landing }: DrivenFlow, passages: readonly AccessLogEntry[]): Landing | null {
  if (landing.kind !== "listener") return landBehindEnvoy(passages);
  const last = passages.at(-1);
  if (!last || last.onwardSource !== landing.source) return null;
  const { host, address, port, originalDestination } = landing;
  const isDialled = address !== null && port !== null && last.onward === renderEndpoint(address, port);
  // Who dialled last is Envoy: of a listener on another host its log tells what that was.
  const dialled = host === "pod" ? originalDestination : isDialled ? null : last.onward;
  return { ...landing, originalDestination: dialled, hops: passages.map(makeEnvoyHop) };
}

function findPassages(first: Connection, entries: readonly AccessLogEntry[], log: LogState) {
  const passages: AccessLogEntry[] = [];
  let next: Connection | null = first;
  while (next) {
    const entry: AccessLogEntry | null =
      findExactly(next, entries) ?? (log === "complete" ? findStray(next, entries, passages) : null);
    if (!entry || passages.includes(entry)) break;
    passages.push(entry);
    next = onwardOf(entry);
  }
  return passages;
}

function findExactly({ from, to }: Connection, entries: readonly AccessLogEntry[]): AccessLogEntry | null {
  return entries.find(({ source, destination }) => source === from && destination === to) ?? null;
}

/**
 * The kernel gives a redirected connection another source port where two connections would have become one. Such an entry is found by
 * elimination: the first of that address and destination that Envoy has not dialled itself; a flow's passages begin one after the other.
 */
function findStray({ from, to }: Connection, entries: readonly AccessLogEntry[], known: readonly AccessLogEntry[]) {
  const isStray = (entry: AccessLogEntry) =>
    entry.destination === to &&
    addressOf(entry.source) === addressOf(from) &&
    !known.includes(entry) &&
    !isOnward(entry.source, entries);
  return entries.filter(isStray).sort((a, b) => a.id - b.id)[0] ?? null;
}

function isOnward(source: string, entries: readonly AccessLogEntry[]): boolean {
  return entries.some(({ onwardSource }) => onwardSource === source);
}

function onwardOf({ onwardSource, onward }: AccessLogEntry): Connection | null {
  return onwardSource === null || onward === null ? null : { from: onwardSource, to: onward };
}

function addressOf(endpoint: string): string {
  return endpoint.slice(0, endpoint.lastIndexOf(":"));
}
