import type { ListenerSpec, StubDials } from "../../agent/protocol.ts";
import {
  APP_ID,
  type HostName,
  type ListenerName,
  type Owner,
  type PodSpec,
  type SandboxAddresses,
  type UdpPorts,
  vmLinks,
} from "../../model/pod.ts";
import { type Dials, dialsOn, type ListenerShape, type PodShape, proxyIdentity } from "../../model/pod-shape.ts";
import { resolverOf } from "../../model/resolver.ts";
import type { Station, StationName } from "../station.ts";
import type { AgentClient } from "./agent-client.ts";

const ROOT: Owner = { uid: 0, gid: 0 };
const APP: Owner = { uid: APP_ID, gid: APP_ID };

/**
 * Gives every listener that a spec asks for, by the station that holds it; those of the pod's shape are the proxy's. Whoever takes
 * datagrams has listeners of their own for those.
 */
export function listenersOf(
  spec: PodSpec,
  addresses: SandboxAddresses,
): ReadonlyMap<StationName, readonly ListenerSpec[]> {
  const { udp = NO_UDP_PORTS } = spec;
  const own = spec.shape.listeners.filter(({ host }) => host === "pod");
  const streams = own.filter((listener) => listener.protocols.includes("tcp"));
  const datagrams = own.filter((listener) => listener.protocols.includes("udp"));
  const proxy = (listener: ListenerShape) => proxyListener(listener, spec, addresses);
  const both = (
    host: HostName,
    listener: ListenerName,
    owner: Owner,
    tcp: readonly number[],
    other: readonly number[],
  ) => [
    ...tcp.map((port) => plain(host, listener, owner, port)),
    ...other.map((port) => takesDatagrams(plain(host, listener, owner, port))),
  ];
  const echoes = (host: HostName) =>
    spec.echo ? [{ ...plain(host, "kernel", ROOT, 0), protocol: "icmp" as const }] : [];
  return new Map([
    ["proxy", [...streams.map(proxy), ...datagrams.map(proxy).map(takesDatagrams)]],
    ["app", both("pod", "app", APP, spec.listen, udp.app)],
    // Of the pod's containers, the one that holds its namespace may look at what comes in (CAP_NET_RAW).
    ["pod", echoes("pod")],
    ["client", [...both("client", "client", ROOT, spec.clientPorts, udp.client), ...echoes("client")]],
    ["upstream", [...both("upstream", "upstream", ROOT, spec.upstreamPorts, udp.upstream), ...echoes("upstream")]],
    ...(vmLinks(spec).length > 0 ? [["vm", echoes("vm")] as const] : []),
  ] satisfies (readonly [StationName, readonly ListenerSpec[]])[]);
}

const NO_UDP_PORTS: UdpPorts = { app: [], upstream: [], client: [] };

function takesDatagrams(spec: ListenerSpec): ListenerSpec {
  return { ...spec, protocol: "udp" };
}

function proxyListener(listener: ListenerShape, { shape }: PodSpec, { pod }: SandboxAddresses): ListenerSpec {
  const { name, port, address, owner, mode, dials } = listener;
  const proxy = shape.proxies.find((one) => one.name === listener.proxy)?.runsAs ?? proxyIdentity(shape);
  const fellows = shape.listeners.filter((other) => other.proxy === listener.proxy && dialsOn(other));
  const onward = dialsOf(dials, shape);
  return {
    ...plain("pod", name, { uid: owner.uid, gid: owner.gid }, port),
    address,
    mode: mode === "transparent" ? "transparent" : "plain",
    stub:
      onward === null
        ? null
        : {
            dials: onward,
            passThrough: shape.passThrough,
            ownPorts: [...new Set(fellows.map((other) => other.port))],
            ownAddresses: [pod[4], pod[6]],
            mark: proxy.mark,
          },
  };
}

function dialsOf(dials: Dials, shape: PodShape): StubDials["dials"] | null {
  if (dials.kind === "nothing") return null;
  if (dials.kind !== "resolver") return dials;
  const resolver = resolverOf(shape);
  return resolver === null ? null : { kind: "fixed", ...resolver };
}

function plain(host: HostName, listener: ListenerName, owner: Owner, port: number): ListenerSpec {
  return { protocol: "tcp", listener, host, namespace: null, owner, port, address: null, mode: "plain", stub: null };
}

/**
 * Says whether a listener is a real Envoy's, where there is one: that takes connections only, and dials what was dialled. Whoever always
 * dials the same end point, such as a resolver, stays the agent's.
 */
export function isEnvoys({ protocol, stub }: ListenerSpec): boolean {
  return protocol === "tcp" && stub?.dials.kind === "original";
}

/** Brings the listeners of every agent to those that its stations hold, but for those that are not meant; throws what the agents throw. */
export async function bringListeners(
  byStation: ReturnType<typeof listenersOf>,
  findStation: (name: StationName) => Station,
  isMeant: (listener: ListenerSpec) => boolean,
): Promise<void> {
  const byAgent = new Map<AgentClient, ListenerSpec[]>();
  for (const [name, specs] of byStation) {
    const { agent, namespace } = findStation(name);
    const own = specs.filter(isMeant).map((one) => ({ ...one, namespace }));
    byAgent.set(agent, [...(byAgent.get(agent) ?? []), ...own]);
  }
  await Promise.all([...byAgent].map(([agent, listeners]) => agent.call("listen", { listeners })));
}
