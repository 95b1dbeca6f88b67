import { preparePod } from "../analysis/wide-pod.ts";
import { proxyOwner } from "../capture/intent-flows.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import type { Flow } from "../model/flow.ts";
import { APP_PORTS, type PodSpec, type SandboxAddresses, STATUS_PORT } from "../model/pod.ts";
import type { PodRules } from "../model/ruleset.ts";

/**
/**
 * Gives what must stand in the sandbox for these flows under these rules: the proxy and the app of a capture config, and peers wherever the
 * flows end (`preparePod`). A port that the proxy or its status server listens on is not the app's.
 */
export function makePodSpec(
  config: CaptureConfig,
  flows: readonly Flow[],
  listen: readonly number[],
  addresses: SandboxAddresses,
  rules: readonly PodRules[] = [],
): PodSpec {
  const { proxyPort, inboundCapturePort, interceptionMode, kubevirtInterfaces } = config;
  const sidecar = [proxyPort, inboundCapturePort, STATUS_PORT];
  const spec: PodSpec = {
    proxyPort,
    inboundCapturePort,
    proxy: proxyOwner(config),
    interceptionMode,
    listen: [...new Set([...APP_PORTS, ...listen])].filter((port) => !sidecar.includes(port)).sort((a, b) => a - b),
    upstreamPorts: [],
    clientPorts: [],
    upstreamAddresses: [],
    kubevirtInterfaces,
  };
  return preparePod(spec, { flows, rules }, addresses);
}

/**
 * Says for each port of the app (8080, 22 and those of `listen`) that the sidecar takes from it, in a sentence: the proxy listens there
 * under this capture config, and the app does not.
 */
export function describeTakenPorts(config: CaptureConfig, listen: readonly number[]): readonly string[] {
  const { proxyPort, inboundCapturePort } = config;
  const taken = [...new Set([...APP_PORTS, ...listen])].filter((port) =>
    [proxyPort, inboundCapturePort].includes(port),
  );
  return taken
    .toSorted((a, b) => a - b)
    .map(
      (port) => `The proxy listens on ${port} (${port === proxyPort ? "-p" : "-z"}); the app does not listen there.`,
    );
}
