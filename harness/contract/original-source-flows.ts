import type { FlowSpec } from "../model/flow.ts";
import { findPeerMark, proxyIdentity } from "../model/pod-shape.ts";
import { APP_PORT, type BoundaryNames, dialIn } from "./boundary-names.ts";
import type { Demands } from "./demanded-landing.ts";

/**
 * Gives the flows in which a proxy dials the pod from a peer's address: at every port at which a demand may change from one peer, and at an
 * ordinary port from every address at which a demand may change. None where no proxy of the pod does that.
 *
 * @example
 * originalSourceFlows(names, demands)
 * // of ambient mode: ztunnel@10.244.0.3 -> pod:8080, …; of current Istio with TPROXY: envoy,mark=0x539@10.244.0.3 -> pod:8080, …
 */
export function originalSourceFlows(
  { family, proxy, ports, elsewhere }: BoundaryNames,
  { addresses, shape }: Demands,
): readonly FlowSpec[] {
  const peerMark = findPeerMark(shape);
  if (proxy === null || peerMark === null) return [];
  const dial = dialIn(family);
  // An actor that marks all its sockets alike needs no mark in a flow's text.
  const mark = peerMark === proxyIdentity(shape).mark ? 0 : peerMark;
  const from = (source: string, port: number) => dial({ ...proxy, source, mark }, "pod", port);
  return [
    ...ports.map((port) => from(addresses.client[family], port)),
    ...[addresses.upstream[family], ...elsewhere].map((source) => from(source, APP_PORT)),
  ];
}
