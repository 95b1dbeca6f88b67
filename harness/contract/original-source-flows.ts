import type { FlowSpec } from "../model/flow.ts";
import { dialsFromPeers } from "../model/pod-shape.ts";
import { APP_PORT, type BoundaryNames, dialIn } from "./boundary-names.ts";
import type { Demands } from "./demanded-landing.ts";

/**
 * Gives the flows in which a proxy dials the pod from a peer's address: at every port at which a demand may change from one peer, and at an
 * ordinary port from every address at which a demand may change. None where no proxy of the pod does that.
 *
 * @example
 * originalSourceFlows(names, demands)   // of ambient mode: ztunnel@10.244.0.3 -> pod:8080, …
 */
export function originalSourceFlows(
  { family, proxy, ports, named, elsewhere }: BoundaryNames,
  { addresses, shape }: Demands,
): readonly FlowSpec[] {
  if (proxy === null || !dialsFromPeers(shape)) return [];
  const dial = dialIn(family);
  const from = (source: string, port: number) => dial({ ...proxy, source }, "pod", port);
  return [
    ...[APP_PORT, ...ports, ...named].map((port) => from(addresses.client[family], port)),
    ...[addresses.upstream[family], ...elsewhere].map((source) => from(source, APP_PORT)),
  ];
}
