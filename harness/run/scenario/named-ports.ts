import { FAMILIES } from "../../model/address.ts";
import type { Capture } from "../../model/capture.ts";
import type { PodSpec, SandboxAddresses } from "../../model/pod.ts";
import { takenPorts } from "../../model/pod-shape.ts";

/**
 * Gives a pod for boundary flows, whose app also takes datagrams at the first port of every range that the contract names and that no
 * listener of the pod's shape has. No proxy listens for the datagrams that broken rules send it, so at a closed port nobody could tell
 * the proxy's refusal from the port's own. A pod in which nobody takes datagrams stays as it is.
 *
 * @example
 * openNamedPorts(spec, capture, DEFAULT_ADDRESSES).udp   // Linkerd, -r 53: { app: [22, 53, 8080], upstream: [80], client: [] }
 */
export function openNamedPorts(spec: PodSpec, capture: Capture, addresses: SandboxAddresses): PodSpec {
  if (spec.udp === undefined) return spec;
  const contract = capture.contractFor(addresses);
  const taken = takenPorts(spec.shape);
  const named = FAMILIES.flatMap((family) => contract.splitPoints(family).ports).map(([first]) => Number(first));
  const open = named.filter((port) => port > 0 && !taken.includes(port));
  const app = [...new Set([...spec.udp.app, ...open])].sort((a, b) => a - b);
  return { ...spec, udp: { ...spec.udp, app } };
}
