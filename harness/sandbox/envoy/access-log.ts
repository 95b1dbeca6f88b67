import type { ListenerName } from "../../model/pod.ts";

/** What Envoy tells of one connection when it ends; end points as `a.b.c.d:port` or `[v6]:port`. */
export interface AccessLogEntry {
  readonly listener: Extract<ListenerName, "envoy-outbound" | "envoy-inbound">;
  /** The listener's own port. */
  readonly port: number;
  /** The peer's end point. */
  readonly source: string;
  /** The socket's local end point: under TPROXY the one dialled. */
  readonly accepted: string;
  /** Where it was meant to go (SO_ORIGINAL_DST, or under TPROXY the local end point). */
  readonly destination: string;
  /** Envoy's end point of the connection onward; null where none was made. */
  readonly onwardSource: string | null;
  /** Envoy's response flags, by commas: `-`, `UF,URX`, `UO`, `UH`. */
  readonly flags: string;
  /** Why the connection onward was not made: `delayed_connect_error:_Connection_refused`; null where it was, or timed out. */
  readonly failure: string | null;
}

/** Reads an access log, one entry a line, in order; a last line that is not finished yet is left out. */
export function parseAccessLog(text: string): readonly AccessLogEntry[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as AccessLogEntry);
}
