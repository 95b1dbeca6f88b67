import type { CaptureConfig } from "../model/capture-config.ts";
import type { Flow, Manner } from "../model/flow.ts";
import type { SandboxAddresses } from "../model/pod.ts";
import { isPodsOwn, openConnection } from "./connection.ts";
import { interceptConnection } from "./interception.ts";

/** One flow that tells something about a capture config, and the stub's manner in which to drive it. */
export interface IntendedFlow {
  readonly flow: Flow;
  readonly manner: Manner;
}

/** Gives, in the manner *forward*, the first flow of each kind that reaches the stub: by where it started, what took it, what it wanted. */
export function forwardedFlows(
  config: CaptureConfig,
  flows: readonly Flow[],
  addresses: SandboxAddresses,
): readonly IntendedFlow[] {
  const own = [config.proxyPort, config.inboundCapturePort];
  const kinds = new Map<string, Flow>();
  for (const flow of flows) {
    const connection = openConnection(flow);
    const interception = interceptConnection(config, connection, addresses);
    const isDirect = interception.kind === "as-dialled" && own.includes(flow.to.port);
    if (!("port" in interception) && !isDirect) continue;
    const taken = "port" in interception ? `${interception.kind} ${interception.port}` : "directly";
    const wanted = isPodsOwn(flow.to.address, config, addresses)
      ? own.includes(flow.to.port)
        ? "proxy"
        : "pod"
      : "elsewhere";
    const kind = `${flow.family} ${connection.startedOn} ${taken} ${wanted}`;
    if (!kinds.has(kind)) kinds.set(kind, flow);
  }
  return [...kinds.values()].map((flow) => ({ flow, manner: "forward" }));
}
