import { preparePod } from "../analysis/pod/wide-pod.ts";
import type { Capture } from "../model/capture.ts";
import type { Flow } from "../model/flow.ts";
import { APP_PORTS, type PodSpec, type SandboxAddresses } from "../model/pod.ts";
import { takenPorts } from "../model/pod-shape.ts";
import type { PodRules } from "../model/ruleset.ts";

/**
 * Gives what must stand in the sandbox for these flows under these rules: the pod that a capture describes, the app on 22, 8080 and the
 * ports of `listen` (1–65535), and peers wherever the flows end (`preparePod`). A port that a listener of the pod's shape has is not the
 * app's ({@link describeTakenPorts} says so). Ports come sorted, each once.
 *
 * @example
 * makePodSpec(capture, [flow], [9090], DEFAULT_ADDRESSES)   // flow: app -> upstream:3306
 * // { shape: capture.shape, listen: [22, 8080, 9090], upstreamPorts: [3306], clientPorts: [], upstreamAddresses: [] }
 */
export function makePodSpec(
  { shape }: Pick<Capture, "shape">,
  flows: readonly Flow[],
  listen: readonly number[],
  addresses: SandboxAddresses,
  rules: readonly PodRules[] = [],
): PodSpec {
  const taken = takenPorts(shape);
  const spec: PodSpec = {
    shape,
    listen: [...new Set([...APP_PORTS, ...listen])].filter((port) => !taken.includes(port)).sort((a, b) => a - b),
    upstreamPorts: [],
    clientPorts: [],
    upstreamAddresses: [],
  };
  return preparePod(spec, { flows, rules }, addresses);
}

/**
 * Says for each port of the app (8080, 22 and those of `listen`) that a listener of the pod's shape takes from it, in a sentence: that one
 * listens there, and the app does not.
 *
 * @example
 * describeTakenPorts(capture, [15001])   // ["envoy-outbound listens on 15001, so the app does not listen there."]
 */
export function describeTakenPorts({ shape }: Pick<Capture, "shape">, listen: readonly number[]): readonly string[] {
  const taken = [...new Set([...APP_PORTS, ...listen])].toSorted((a, b) => a - b);
  return taken.flatMap((port) => {
    const listener = shape.listeners.find((one) => one.host === "pod" && one.port === port);
    return listener ? [`${listener.name} listens on ${port}, so the app does not listen there.`] : [];
  });
}
