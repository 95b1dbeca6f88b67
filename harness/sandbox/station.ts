import { type Flow, startsInPod } from "../model/flow.ts";
import type { AgentClient } from "./agents/agent-client.ts";

/**
 * The places of a sandbox where something runs: the pod's network namespace itself (rules, and actors with owners of their own), the
 * workload, the proxy, and the hosts beside the pod. The first three share one network namespace.
 */
export const STATION_NAMES = ["pod", "app", "proxy", "client", "upstream", "vm"] as const;

/** A place of a sandbox where something runs. */
export type StationName = (typeof STATION_NAMES)[number];

/** The agent that plays a station, and the station's namespace as that agent knows it (null: the one it was started in). */
export interface Station {
  readonly agent: AgentClient;
  readonly namespace: string | null;
}

/** The stations of a running sandbox; `vm` only once a scenario has asked for it. */
export type Stations = ReadonlyMap<StationName, Station>;

/**
 * Gives the station from which a flow starts: proxies and their status server are the proxy's, `root` and `uid=N,gid=M` the pod. A mark or
 * a port of one's own may need rights that only the pod's own agent has; the owner is the flow's wherever it starts.
 */
export function stationOf(flow: Flow): StationName {
  const { actor, port, mark } = flow.from;
  if (startsInPod(flow) && (port !== undefined || mark !== undefined)) return "pod";
  const own = STATION_NAMES.find((name) => name === actor);
  if (own !== undefined) return own;
  // A named actor that is none of the usual ones is a proxy, or its status server.
  return actor === "root" || actor.includes("=") ? "pod" : "proxy";
}
