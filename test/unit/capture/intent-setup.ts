import { proxyOwner } from "../../../harness/capture/intent-flows.ts";
import { seedConfig } from "../../../harness/capture/seed-config.ts";
import type { CaptureConfig } from "../../../harness/model/capture-config.ts";
import type { Flow } from "../../../harness/model/flow.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import type { Landing } from "../../../harness/model/landing.ts";
import { APP_PORTS, DEFAULT_ADDRESSES, type PodSpec } from "../../../harness/model/pod.ts";

/** The seed command's config with some settings changed. */
export function configOf(changes: Partial<CaptureConfig> = {}): CaptureConfig {
  return { ...seedConfig(), ...changes };
}

/** The flow that a text stands for, its proxy being the config's. */
export function flowOf(text: string, config: CaptureConfig): Flow {
  const parsed = parseFlowText(text);
  if (!parsed.ok) throw new Error(parsed.findings.map((found) => found.message).join(" "));
  return resolveFlow(parsed.value, DEFAULT_ADDRESSES, proxyOwner(config));
}

/** A pod where the app listens on its own ports and upstream on 80 of 10.96.0.1 and 2001:db8::1 as well. */
export function specOf(config: CaptureConfig): PodSpec {
  const { proxyPort, inboundCapturePort, interceptionMode, kubevirtInterfaces } = config;
  return {
    proxyPort,
    inboundCapturePort,
    interceptionMode,
    kubevirtInterfaces,
    proxy: proxyOwner(config),
    listen: APP_PORTS,
    upstreamPorts: [80, 8080],
    clientPorts: [9090],
    upstreamAddresses: ["10.96.0.1", "2001:db8::1"],
  };
}

/** A landing in one line: `envoy-inbound:15006 of 10.244.0.2:8080 from 10.244.0.3 via envoy-outbound`. */
export function describeLanding(landing: Landing): string {
  const { kind, listener, port, originalDestination, source, hops } = landing;
  const via = hops.length > 0 ? ` via ${hops.map((hop) => `${hop.listener}:${hop.port}`).join(",")}` : "";
  if (kind !== "listener") return `${kind}${kind === "refused" ? `:${port}` : ""}${via}`;
  return `${listener}:${port}${originalDestination ? ` of ${originalDestination}` : ""} from ${source}${via}`;
}
