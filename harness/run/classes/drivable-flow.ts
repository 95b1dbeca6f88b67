import { nameFlow, type Witness } from "../../analysis/flows/witness.ts";
import type { Flow } from "../../model/flow.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { PodShape } from "../../model/pod-shape.ts";

/**
 * Gives a witness as a flow that a sandbox can drive: what comes from outside, from an address that no host has, comes from upstream, which
 * is everybody's next hop and owns any address it is told to.
 *
 * @example
 * client@192.0.2.1 -> pod:80 becomes upstream@192.0.2.1 -> pod:80
 */
export function nameDrivable({ flow, lane }: Witness, addresses: SandboxAddresses, shape: PodShape): Flow {
  const isStranger = lane.host === "client" && flow.from.address !== addresses.client[flow.family];
  return isStranger ? nameFlow({ ...flow, from: { ...flow.from, actor: "upstream" } }, addresses, shape) : flow;
}
