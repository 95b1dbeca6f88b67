import { proxyOwner } from "../capture/intent-flows.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import type { Flow } from "../model/flow.ts";
import {
  APP_PORTS,
  addressOwner,
  type HostName,
  hostOfActor,
  isLoopback,
  type PodSpec,
  type SandboxAddresses,
} from "../model/pod.ts";

/**
 * Gives what must stand in the sandbox for these flows: every port that is dialled at a peer, every address that upstream must own, be it
 * dialled there or dialled from.
 */
export function makePodSpec(
  config: CaptureConfig,
  flows: readonly Flow[],
  listen: readonly number[],
  addresses: SandboxAddresses,
): PodSpec {
  const ownerOf = ({ from, to }: Flow): HostName =>
    isLoopback(to.address) ? hostOfActor(from.actor) : addressOwner(to.address, addresses);
  const portsOf = (host: HostName) =>
    sortNumbers(flows.filter((flow) => ownerOf(flow) === host).map((flow) => flow.to.port));
  const dialled = flows.filter((flow) => ownerOf(flow) === "upstream" && !isLoopback(flow.to.address));
  const dialling = flows.filter(({ from }) => from.actor === "upstream" && !isLoopback(from.address));
  const named = [...dialled.map(({ to }) => to.address), ...dialling.map(({ from }) => from.address)];
  const upstream: readonly string[] = Object.values(addresses.upstream);
  return {
    proxyPort: config.proxyPort,
    inboundCapturePort: config.inboundCapturePort,
    proxy: proxyOwner(config),
    interceptionMode: config.interceptionMode,
    listen: sortNumbers([...APP_PORTS, ...listen]),
    upstreamPorts: portsOf("upstream"),
    clientPorts: portsOf("client"),
    upstreamAddresses: [...new Set(named)].filter((address) => !upstream.includes(address)).sort(),
    kubevirtInterfaces: config.kubevirtInterfaces,
  };
}

function sortNumbers(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
