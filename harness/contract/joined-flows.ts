import type { FlowSpec } from "../model/flow.ts";
import { type BoundaryNames, byEach, byName, demandOf, dialIn } from "./boundary-names.ts";
import { addressBoundaries, firstIds, portBoundaries } from "./boundary-values.ts";
import type { Demands } from "./demanded-landing.ts";

/**
 * Gives flows that join an address and a port at both of which a demand may change, from the workload and from each owner alone: one may
 * decide only beside the other. The same to where an ordinary port is left alone, since a port may be captured whatever the address. With a
 * virtual machine also its calls to the proxies' ports on another host, and calls to it.
 */
export function joinedFlows(names: BoundaryNames, demands: Demands): readonly FlowSpec[] {
  const { family, workload, stranger, port, named, elsewhere, own } = names;
  const dial = dialIn(family);
  const ports = portBoundaries(demands.contract.splitPoints(family).ports);
  const [open] = elsewhere.filter((address) => demandOf(dial(workload, address, port), demands).must === "as-dialled");
  const { addresses, ids } = demands.contract.splitPoints(family);
  const callers = byEach(firstIds(ids), stranger);
  const firsts = addressBoundaries(addresses, family, demands.addresses);
  return [
    ...firsts.flatMap((address) => ports.map((dialled) => dial(workload, address, dialled))),
    ...firsts.flatMap((address) => callers.flatMap((actor) => named.map((dialled) => dial(actor, address, dialled)))),
    ...(open === undefined ? [] : ports.map((dialled) => dial(workload, open, dialled))),
    ...(demands.shape.links.length === 0
      ? []
      : [
          ...own.map((dialled) => dial(byName("vm"), "upstream", dialled)),
          ...[workload, names.proxy ?? byName("root")].map((actor) => dial(actor, demands.addresses.vm[family], port)),
        ]),
  ];
}
