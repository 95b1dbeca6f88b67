import type { Capture } from "../model/capture.ts";
import type { Contract, Demand, Deviation } from "../model/contract.ts";
import type { Flow } from "../model/flow.ts";
import { renderFlowText } from "../model/flow-spec.ts";
import type { SandboxAddresses } from "../model/pod.ts";
import { firstConnection } from "./first-connection.ts";

/**
 * Gives settings whose contract demands what the tool's documents promise, wherever the tool does something else: what `--strict` judges
 * by. Settings without a deviation demand the same as before.
 */
export function demandPromises(capture: Capture): Capture {
  const strict = new WeakMap<Contract, Contract>();
  const makeStrict = (contract: Contract): Contract => {
    const known = strict.get(contract);
    if (known) return known;
    const made: Contract = { ...contract, demand: (connection) => promiseOf(contract.demand(connection)) };
    strict.set(contract, made);
    return made;
  };
  return {
    ...capture,
    contractFor: (addresses) => makeStrict(capture.contractFor(addresses)),
    placeIn: (addresses) => demandPromises(capture.placeIn(addresses)),
  };
}

/** A promise may differ from what the tool does in more than one way, and each is undone. */
function promiseOf(demand: Demand): Demand {
  const { deviation } = demand.must === "unspecified" ? {} : demand;
  return deviation === undefined ? demand : promiseOf(deviation.strict);
}

/** A deviation that some flows meet. */
export interface MetDeviation extends Pick<Deviation, "tool" | "promise"> {
  /** The flows, in the order given. */
  readonly flows: readonly Flow[];
}

/** Gives the deviations that flows meet in a pod with these addresses, each once. */
export function listDeviations(
  flows: readonly Flow[],
  { contractFor, shape }: Pick<Capture, "contractFor" | "shape">,
  addresses: SandboxAddresses,
): readonly MetDeviation[] {
  const contract = contractFor(addresses);
  const met = flows.flatMap((flow) => {
    const demand = contract.demand(firstConnection(flow, shape));
    return demand.must === "unspecified" || demand.deviation === undefined ? [] : [{ ...demand.deviation, flow }];
  });
  const groups = Map.groupBy(met, ({ tool }) => tool);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first ? [{ tool: first.tool, promise: first.promise, flows: group.map(({ flow }) => flow) }] : [];
  });
}

/**
 * Says of each deviation, in words, what the tool does and what its documents promise. `what` is what the flows stand for.
 *
 * @example
 * "2 flows, for example client -> pod:22, must land where the mesh's own tool sends them, which is not what its documentation says. …"
 */
export function describeDeviations(deviations: readonly MetDeviation[], what: "flow" | "class"): readonly string[] {
  const names = { flow: ["flow", "flows"], class: ["class of flows", "classes of flows"] } as const;
  const [one, several] = names[what];
  return deviations.map(({ tool, promise, flows: [example, ...rest] }) => {
    const count = rest.length + 1;
    const text = example && renderFlowText(example.spec);
    const which = count === 1 ? `1 ${one}, ${text}` : `${count} ${several}, for example ${text}`;
    const they = count === 1 ? "it" : "they";
    return `${which}, must land where the mesh's own tool sends ${count === 1 ? "it" : "them"}, which is not what its documentation says. The tool: ${tool} The documentation: "${promise}" With --strict ${they} must land as the documentation says.`;
  });
}
