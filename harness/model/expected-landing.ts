import { renderEndpoint } from "./address.ts";
import type { Flow } from "./flow.ts";
import { type Hop, hostOf, type Landing, makeLanding } from "./landing.ts";
import type { LandingText } from "./landing-text.ts";
import {
  addressOwner,
  hostOfActor,
  isLoopback,
  type ListenerName,
  loopbackAddress,
  type PodSpec,
  type SandboxAddresses,
  STATUS_PORT,
  vmLinks,
} from "./pod.ts";

/** What of a pod landings depend on: the ports of the stub's listeners, and whether there is a vm. */
export type ProxyPorts = Pick<PodSpec, "proxyPort" | "inboundCapturePort" | "kubevirtInterfaces">;

/** An end point on its way through the stub: who dials it, and what. */
interface Dialled {
  readonly actor: string;
  readonly address: string;
  readonly port: number;
}

/**
 * Binds an expected landing to a flow: the listener's port where none is written, and the original destination, which is the end point
 * dialled (by the stub, behind a hop), or null where the very address that was dialled accepts (same port, same host, not written
 * `redirected`). The address that accepts is demanded where the text names it: what was not redirected accepts where it was dialled anyway.
 */
export function resolveLanding(text: LandingText, flow: Flow, addresses: SandboxAddresses, ports: ProxyPorts): Landing {
  const bind = (listener: ListenerName, written: number | null, dialled: Dialled, redirected: boolean): Hop => {
    const port = written ?? listenerPort(listener, dialled.port, ports);
    const accepts = !redirected && port === dialled.port && ownsAddress(listener, dialled, addresses, ports);
    return { listener, port, originalDestination: accepts ? null : renderEndpoint(dialled.address, dialled.port) };
  };
  let dialled: Dialled = { actor: flow.from.actor, address: flow.to.address, port: flow.to.port };
  const hops: Hop[] = [];
  for (const listener of text.via) {
    hops.push(bind(listener, null, dialled, false));
    dialled = dialOn(listener, dialled, flow, addresses);
  }
  if (text.listener === null) return makeLanding(text.kind, { hops });
  const last = bind(text.listener, text.port, dialled, text.redirected === "redirected");
  return makeLanding("listener", {
    host: hostOf(text.listener),
    address: text.address,
    source: text.source,
    ...last,
    hops,
  });
}

/** What the stub dials next: what had been dialled, but behind its outbound port the loopback address for the pod's own. */
function dialOn(listener: ListenerName, { address, port }: Dialled, flow: Flow, addresses: SandboxAddresses): Dialled {
  const isOwn = listener === "envoy-outbound" && address === addresses.pod[flow.family];
  return { actor: "envoy", address: isOwn ? loopbackAddress(flow.family) : address, port };
}

/** Gives the port a listener is on: the proxy's from the config, the status server's; that of every other is the one dialled. */
export function listenerPort(
  listener: ListenerName,
  dialledPort: number,
  ports: Omit<ProxyPorts, "kubevirtInterfaces">,
): number {
  if (listener === "envoy-outbound") return ports.proxyPort;
  if (listener === "envoy-inbound") return ports.inboundCapturePort;
  return listener === "status" ? STATUS_PORT : dialledPort;
}

/** Says whether a listener's host owns what was dialled; every address that no other host has belongs to upstream. */
function ownsAddress(
  listener: ListenerName,
  { actor, address }: Dialled,
  addresses: SandboxAddresses,
  ports: ProxyPorts,
): boolean {
  const owner = isLoopback(address) ? hostOfActor(actor) : addressOwner(address, addresses);
  return hostOf(listener) === (owner === "vm" && vmLinks(ports).length === 0 ? "upstream" : owner);
}
