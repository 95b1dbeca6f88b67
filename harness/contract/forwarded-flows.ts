import type { Flow } from "../model/flow.ts";
import { type Demands, firstConnection } from "./demanded-landing.ts";
import { isPodsOwn } from "./proxy-dial.ts";

/**
 * Gives the flows to be driven in the manner *forward*: the first TCP flow of each kind that reaches a proxy, by where it started, what
 * took it and what it wanted.
 */
export function forwardedFlows(flows: readonly Flow[], demands: Demands): readonly Flow[] {
  const proxies = demands.shape.listeners.filter(({ host, dials }) => host === "pod" && dials.kind !== "nothing");
  const kinds = new Map<string, Flow>();
  for (const flow of flows.filter(({ protocol }) => protocol === "tcp")) {
    const connection = firstConnection(flow, demands.shape);
    const demand = demands.contract.demand(connection);
    const isOwn = isPodsOwn(flow.to.address, demands) && proxies.some(({ port }) => port === flow.to.port);
    if (demand.must !== "land-on" && !(demand.must === "as-dialled" && isOwn)) continue;
    const taken = demand.must === "land-on" ? `${demand.by} ${demand.listener}` : "directly";
    const wanted = isPodsOwn(flow.to.address, demands) ? (isOwn ? "proxy" : "pod") : "elsewhere";
    const kind = `${flow.family} ${connection.startedOn} ${taken} ${wanted}`;
    if (!kinds.has(kind)) kinds.set(kind, flow);
  }
  return [...kinds.values()];
}
