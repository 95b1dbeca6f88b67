import { existsSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Manner } from "../../../harness/model/flow.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../../harness/model/pod.ts";
import type { FlowRequest } from "../../../harness/sandbox/sandbox.ts";
import { SHAPE } from "../../istio-pod.ts";

/** A pod as the seed command's scenario has it. */
export const USUAL_SPEC: PodSpec = {
  shape: SHAPE,
  listen: [8080, 22],
  upstreamPorts: [80],
  clientPorts: [],
  upstreamAddresses: [],
};

/** Gives a flow from its text, in the addresses of a world of namespaces. */
export function makeFlow(text: string, manner: Manner = "answer"): FlowRequest {
  const parsed = parseFlowText(text, SHAPE);
  if (!parsed.ok) throw new RangeError(parsed.findings.map(({ message }) => message).join(" "));
  return { flow: resolveFlow(parsed.value, DEFAULT_ADDRESSES, SHAPE), manner };
}

const GONE_WITHIN_MS = 2_000;

/** Waits until there is no process of this number; throws where it outlives its time. */
export async function waitUntilGone(pid: number): Promise<void> {
  const deadline = Date.now() + GONE_WITHIN_MS;
  while (existsSync(`/proc/${pid}`)) {
    if (Date.now() > deadline) throw new Error(`process ${pid} is still there`);
    await setTimeout(5);
  }
}
