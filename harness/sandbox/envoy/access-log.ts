import type { ListenerName } from "../../model/pod.ts";

/** What Envoy tells of one connection when it ends; end points as `a.b.c.d:port` or `[v6]:port`. */
export interface AccessLogEntry {
  /** Grows with each connection that Envoy accepts or makes. */
  readonly id: number;
  readonly listener: ListenerName;
  /** The listener's own port. */
  readonly port: number;
  /** The peer's end point. */
  readonly source: string;
  /** The socket's local end point: under TPROXY the one dialled. */
  readonly accepted: string;
  /** Where it was meant to go (SO_ORIGINAL_DST, or under TPROXY the local end point). */
  readonly destination: string;
  /** What Envoy dialled onward; null where it dialled nothing. */
  readonly onward: string | null;
  /** Envoy's end point of the connection onward; null where none was made. */
  readonly onwardSource: string | null;
  /** How the far end of the connection onward closed it: `Normal`, `RemoteReset`; null where none was made. */
  readonly onwardClose: string | null;
  /** Envoy's response flags, by commas: `-`, `UF,URX`, `UO`, `UH`. */
  readonly flags: string;
  /** Why the connection onward was not made: `delayed_connect_error:_Connection_refused`; null where it was, or timed out. */
  readonly failure: string | null;
}

/** Envoy's command operators for what it fills in of an entry; the rest is known when the listener is made. */
export const ACCESS_LOG_OPERATORS = {
  id: "%CONNECTION_ID%",
  source: "%DOWNSTREAM_REMOTE_ADDRESS%",
  accepted: "%DOWNSTREAM_DIRECT_LOCAL_ADDRESS%",
  destination: "%DOWNSTREAM_LOCAL_ADDRESS%",
  onward: "%UPSTREAM_HOST%",
  onwardSource: "%UPSTREAM_LOCAL_ADDRESS%",
  onwardClose: "%UPSTREAM_DETECTED_CLOSE_TYPE%",
  flags: "%RESPONSE_FLAGS%",
  failure: "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
} as const satisfies Partial<Record<keyof AccessLogEntry, string>>;

/** Reads one line of the log; null if it is not one of its entries. */
export function parseAccessLogLine(line: string): AccessLogEntry | null {
  return line.startsWith("{") ? (JSON.parse(line) as AccessLogEntry) : null;
}
