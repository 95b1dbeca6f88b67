import type { Demand } from "../model/contract.ts";
import type { Flow } from "../model/flow.ts";
import type { BoundaryFlow } from "./boundary-flows.ts";
import { type Demands, openConnection } from "./demanded-landing.ts";
import { isPodsOwn } from "./proxy-dial.ts";

/**
 * Gives, in the manner *forward*, the first flow of each kind that reaches a proxy: by where it started, what took it, what it wanted. A
 * flow is left out that a proxy would pass on from an address which the pod does not have: no proxy can.
 */
export function forwardedFlows(flows: readonly Flow[], demands: Demands): readonly BoundaryFlow[] {
  const proxies = demands.shape.listeners.filter(({ host, dials }) => host === "pod" && dials.kind !== "nothing");
  const kinds = new Map<string, Flow>();
  for (const flow of flows) {
    const connection = openConnection(flow, demands.shape);
    const demand = demands.contract.demand(connection);
    const isForPod = isPodsOwn(flow.to.address, demands);
    const isOwn = isForPod && proxies.some(({ port }) => port === flow.to.port);
    const taken = takerOf(demand, isOwn);
    if (taken === null || (demand.must === "land-on" && lacksSource(demand.listener, flow, demands))) continue;
    const wanted = isForPod ? (isOwn ? "proxy" : "pod") : "elsewhere";
    const kind = `${flow.family} ${connection.startedOn} ${taken} ${wanted}`;
    if (!kinds.has(kind)) kinds.set(kind, flow);
  }
  return [...kinds.values()].map((flow) => ({ flow, manner: "forward" }));
}

/** What takes a flow, in words that tell kinds apart; null where no proxy does. */
function takerOf(demand: Demand, isOwn: boolean): string | null {
  if (demand.must === "land-on") return `${demand.by} ${demand.listener}`;
  return demand.must === "as-dialled" && isOwn ? "directly" : null;
}

/** Current Istio captures IPv6 with rules of nftables in a pod without IPv6, and gives lo no ::6 there. */
function lacksSource(listener: string, { family, to }: Flow, demands: Demands): boolean {
  const { shape } = demands;
  const dials = shape.listeners.find(({ name }) => name === listener)?.dials;
  const bindsToPassThrough = dials?.kind === "original" && dials.own === "from-pass-through";
  return bindsToPassThrough && family === 6 && shape.passThrough[6] === null && isPodsOwn(to.address, demands);
}
