import type { CaptureConfig } from "../harness/meshes/istio-1.4/config.ts";
import { istio14 } from "../harness/meshes/istio-1.4/mesh.ts";
import { makeCapture } from "../harness/meshes/meshes.ts";
import type { Capture } from "../harness/model/capture.ts";
import type { Flow } from "../harness/model/flow.ts";
import { resolveFlow } from "../harness/model/flow-resolution.ts";
import { parseFlowText } from "../harness/model/flow-text.ts";
import { APP_PORTS, DEFAULT_ADDRESSES, type PodSpec } from "../harness/model/pod.ts";
import type { PodShape } from "../harness/model/pod-shape.ts";
import { seedConfig } from "./seed-config.ts";

/** The seed command's config with some settings changed. */
export function configOf(changes: Partial<CaptureConfig> = {}): CaptureConfig {
  return { ...seedConfig(), ...changes };
}

/** What settings of Istio 1.4 say of a pod in the default addresses. */
export function captureOf(config: CaptureConfig): Capture {
  const { pod: own, vm: behindLink } = DEFAULT_ADDRESSES;
  return makeCapture(istio14, config, { addresses: config.podIps, own, behindLink, resolvers: [] });
}

/** The pod of the seed command's settings, with some changed. */
export function shapeOf(changes: Partial<CaptureConfig> = {}): PodShape {
  return captureOf(configOf(changes)).shape;
}

/** The pod of the seed command. */
export const SHAPE: PodShape = shapeOf();

/** The flow that a text stands for, in the default addresses. */
export function flowOf(text: string, shape: PodShape = SHAPE): Flow {
  const parsed = parseFlowText(text, shape);
  if (!parsed.ok) throw new Error(parsed.findings.map(({ message }) => message).join(" "));
  return resolveFlow(parsed.value, DEFAULT_ADDRESSES, shape);
}

/** A sandbox's pod where the app listens on its own ports, and whatever else is named. */
export function specOf(shape: PodShape = SHAPE, beside: Partial<PodSpec> = {}): PodSpec {
  const nobody = { upstreamPorts: [], clientPorts: [], upstreamAddresses: [] };
  return { shape, listen: APP_PORTS, ...nobody, ...beside };
}

/** A pod in which the proxy's listeners at some ports take datagrams too; they answer them and forward none. */
export function takingDatagrams(shape: PodShape, ports: readonly number[]): PodShape {
  const listeners = shape.listeners.map((listener) =>
    ports.includes(listener.port) ? { ...listener, protocols: ["tcp", "udp"] as const } : listener,
  );
  return { ...shape, listeners };
}
