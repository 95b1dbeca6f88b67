import { renderEndpoint } from "../model/address.ts";
import { type BoundaryNames, readFlow } from "./boundary-names.ts";
import { addressBoundaries, portBoundaries } from "./boundary-values.ts";
import { type Demands, firstConnection } from "./demanded-landing.ts";

/**
 * Gives flows that join an address and a port at both of which a demand may change, from the workload and from each owner alone: one may
 * decide only beside the other. The same to where an ordinary port is left alone, since a port may be captured whatever the address. With a
 * virtual machine also its calls to the proxies' ports on another host, and calls to it.
 */
export function joinedFlows(names: BoundaryNames, demands: Demands): readonly string[] {
  const { family, suffix, workload, stranger, port, named, elsewhere, own } = names;
  const ports = portBoundaries(demands.contract.splitPoints(family).ports);
  const [open] = elsewhere.filter((address) => {
    const flow = readFlow(`${workload} -> ${renderEndpoint(address, port)}`, demands);
    return demands.contract.demand(firstConnection(flow, demands.shape)).must === "as-dialled";
  });
  const { addresses, ids } = demands.contract.splitPoints(family);
  const callers = [...new Set(ids.map(([first]) => Number(first)))].flatMap((id) => [
    `uid=${id},gid=${stranger}`,
    `uid=${stranger},gid=${id}`,
  ]);
  const firsts = addressBoundaries(addresses, family, demands.addresses);
  return [
    ...firsts.flatMap((address) => ports.map((dialled) => `${workload} -> ${renderEndpoint(address, dialled)}`)),
    ...firsts.flatMap((address) =>
      callers.flatMap((actor) => named.map((dialled) => `${actor} -> ${renderEndpoint(address, dialled)}`)),
    ),
    ...(open === undefined ? [] : ports.map((dialled) => `${workload} -> ${renderEndpoint(open, dialled)}`)),
    ...(demands.shape.links.length === 0
      ? []
      : [
          ...own.map((dialled) => `vm${suffix} -> upstream${suffix}:${dialled}`),
          ...[workload, names.proxy ?? "root"].map(
            (actor) => `${actor} -> ${renderEndpoint(demands.addresses.vm[family], port)}`,
          ),
        ]),
  ];
}
