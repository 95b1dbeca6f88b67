import type { Demand } from "../model/contract.ts";
import type { Flow } from "../model/flow.ts";
import { dialsOn, findListener, forwards } from "../model/pod-shape.ts";
import type { Demands } from "./demanded-landing.ts";
import { firstConnection } from "./first-connection.ts";
import { isPodsOwn } from "./proxy-dial.ts";

/**
 * Gives the flows to be driven in the manner *forward*: the first flow of each kind that reaches a proxy, by where it started, what took it
 * and what it wanted; of datagrams those alone for which somebody dials on.
 * A flow is left out that a proxy would pass on from an address which the pod does not have.
 */
export function forwardedFlows(flows: readonly Flow[], demands: Demands): readonly Flow[] {
  const proxies = demands.shape.listeners.filter((listener) => listener.host === "pod" && dialsOn(listener));
  const kinds = new Map<string, Flow>();
  for (const flow of flows.filter((each) => each.protocol === "tcp" || isPassedOn(each, demands))) {
    const connection = firstConnection(flow, demands.shape);
    const demand = demands.contract.demand(connection);
    const isForPod = isPodsOwn(flow.to.address, demands);
    const isOwn = isForPod && proxies.some(({ port }) => port === flow.to.port);
    const taken = takerOf(demand, isOwn);
    if (taken === null || (demand.must === "land-on" && lacksSource(demand.listener, flow, demands))) continue;
    const wanted = isForPod ? (isOwn ? "proxy" : "pod") : "elsewhere";
    const kind = `${flow.protocol} ${flow.family} ${connection.startedOn} ${taken} ${wanted}`;
    if (!kinds.has(kind)) kinds.set(kind, flow);
  }
  return [...kinds.values()];
}

function isPassedOn(flow: Flow, { contract, shape }: Demands): boolean {
  const demand = contract.demand(firstConnection(flow, shape));
  const taker = demand.must === "land-on" ? findListener(shape, demand.listener) : undefined;
  return taker !== undefined && forwards(taker);
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
