import type { Capture } from "../model/capture.ts";
import { type Expectation, NOT_LEAVE } from "../model/expectation.ts";
import type { Manner, ResolvedFlow } from "../model/flow.ts";
import type { PodSpec, SandboxAddresses } from "../model/pod.ts";
import { demandedLanding } from "./demanded-landing.ts";
import { firstConnection } from "./first-connection.ts";

/**
 * Gives what a capture demands of a flow in a pod: one landing, or that the flow does not leave the pod; null where it demands nothing. In
 * the manner `forward` nothing is demanded of a flow that some connection of its way has no demand for.
 *
 * @example
 * findExpectation(capture, flow, "answer", DEFAULT_ADDRESSES, spec)   // client -> pod:8080
 * // { kind: "listener", listener: "envoy-inbound", port: 15006, originalDestination: "10.244.0.2:8080", … }
 */
export function findExpectation(
  capture: Capture,
  flow: ResolvedFlow,
  manner: Manner,
  addresses: SandboxAddresses,
  pod: PodSpec,
): Expectation | null {
  const contract = capture.contractFor(addresses);
  const demanded = demandedLanding(flow, manner, { contract, shape: pod.shape, addresses, peers: pod });
  if (demanded !== null) return demanded.landing;
  const { must } = contract.demand(firstConnection(flow, pod.shape));
  return must === "not-leave" && manner === "answer" ? NOT_LEAVE : null;
}
