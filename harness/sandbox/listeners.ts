import type { ListenerSpec } from "../agent/protocol.ts";
import type { HostName, ListenerName, Owner, PodSpec, SandboxAddresses } from "../model/pod.ts";
import { APP_ID } from "../model/pod.ts";
import { dialsOn, type ListenerShape, proxyIdentity } from "../model/pod-shape.ts";
import type { StationName } from "./station.ts";

const ROOT: Owner = { uid: 0, gid: 0 };
const APP: Owner = { uid: APP_ID, gid: APP_ID };

/** Gives every listener that a spec asks for, by the station that holds it; those of the pod's shape are the proxy's. */
export function listenersOf(
  spec: PodSpec,
  addresses: SandboxAddresses,
): ReadonlyMap<StationName, readonly ListenerSpec[]> {
  const own = spec.shape.listeners.filter(({ host, protocols }) => host === "pod" && protocols.includes("tcp"));
  return new Map([
    ["proxy", own.map((listener) => proxyListener(listener, spec, addresses))],
    ["app", spec.listen.map((port) => plain("pod", "app", APP, port))],
    ["client", spec.clientPorts.map((port) => plain("client", "client", ROOT, port))],
    ["upstream", spec.upstreamPorts.map((port) => plain("upstream", "upstream", ROOT, port))],
  ] satisfies [StationName, readonly ListenerSpec[]][]);
}

function proxyListener(listener: ListenerShape, { shape }: PodSpec, { pod }: SandboxAddresses): ListenerSpec {
  const { name, port, address, owner, mode, dials } = listener;
  const proxy = shape.proxies.find((one) => one.name === listener.proxy)?.runsAs ?? proxyIdentity(shape);
  const fellows = shape.listeners.filter((other) => other.proxy === listener.proxy && dialsOn(other));
  return {
    ...plain("pod", name, { uid: owner.uid, gid: owner.gid }, port),
    address,
    mode: mode === "transparent" ? "transparent" : "plain",
    stub:
      dials.kind === "nothing"
        ? null
        : {
            dials,
            passThrough: shape.passThrough,
            ownPorts: [...new Set(fellows.map((other) => other.port))],
            ownAddresses: [pod[4], pod[6]],
            mark: proxy.mark,
          },
  };
}

function plain(host: HostName, listener: ListenerName, owner: Owner, port: number): ListenerSpec {
  return { listener, host, namespace: null, owner, port, address: null, mode: "plain", stub: null };
}
