import { type Family, renderAddress } from "../../model/address.ts";
import type { Identity } from "../../model/contract.ts";
import { type Flow, type FlowWho, type ResolvedFlow, startsInPod } from "../../model/flow.ts";
import { isRouteSource, resolveFlow } from "../../model/flow-resolution.ts";
import { makeFlowSpec } from "../../model/flow-spec.ts";
import { APP_ID, type HostName, loopbackAddress, type SandboxAddresses } from "../../model/pod.ts";
import { targetNames } from "../../model/pod-names.ts";
import type { PodShape, ProxyShape } from "../../model/pod-shape.ts";
import type { Lane } from "./lane.ts";

/** One flow standing for its class, with what is assumed of matches that are not understood. */
export interface Witness {
  readonly lane: Lane;
  readonly flow: Flow;
  /** The sandbox's addresses. */
  readonly addresses: SandboxAddresses;
  /** By text of each unknown match that the class depends on: whether it holds. */
  readonly assumed: ReadonlyMap<string, "holds" | "fails">;
}

/** One point of a flow space: a lane, and a value on each of its axes. */
export interface FlowPoint {
  readonly lane: Lane;
  readonly uid: number;
  readonly gid: number;
  /** Null where the lane's source is the address dialled. */
  readonly source: bigint | null;
  readonly destination: bigint;
  readonly port: number;
  /** The port that the socket is bound to; null: the kernel's choice. */
  readonly sourcePort: number | null;
}

/**
 * Gives a point as a flow that users write and sandboxes drive, named as simply as it can be: `client -> pod:8080` in place of addresses.
 * The result has the point's lane, the flow, the sandbox's addresses, and what is assumed of unknown matches.
 */
export function makeWitness(
  { lane, uid, gid, source, destination, port, sourcePort }: FlowPoint,
  family: Family,
  addresses: SandboxAddresses,
  shape: PodShape,
  assumed: Witness["assumed"],
): Witness {
  const address = renderAddress(family, source ?? destination);
  // Every address that no other host has is upstream's, as a source too.
  const isStranger = lane.host === "client" && address !== addresses.client[family];
  const host = isStranger ? "upstream" : lane.host;
  const { mark } = lane.socket;
  const who = host === "pod" ? nameOwner({ uid, gid, mark }, shape) : { actor: host, ids: {} };
  const spec = makeFlowSpec({
    ...who,
    source: lane.binding === "bound" || isStranger ? address : null,
    sourcePort,
    mark: isMarkedByName(who, shape) ? 0 : mark,
    target: nameTarget(renderAddress(family, destination), family, addresses, shape),
    family,
    port,
    protocol: lane.protocol,
  });
  return { lane, flow: resolveFlow(spec, addresses, shape), addresses, assumed };
}

/** Gives the same flow named as simply as it can be: `client -> pod:21` for `client -> 10.244.0.2:21`, `root` for `uid=0,gid=0`. */
export function nameFlow(
  { family, from, to, protocol, exchange }: ResolvedFlow,
  addresses: SandboxAddresses,
  shape: PodShape,
): Flow {
  const { uid, gid, mark = 0 } = from;
  const who = startsInPod({ from }) ? nameOwner({ uid, gid, mark }, shape) : { actor: from.actor, ids: {} };
  const isRouted = isRouteSource(from.address, from.actor, family, to.address, addresses);
  const spec = makeFlowSpec({
    ...who,
    source: isRouted ? null : from.address,
    sourcePort: from.port ?? null,
    mark: isMarkedByName(who, shape) ? 0 : mark,
    target: nameTarget(to.address, family, addresses, shape),
    family,
    port: to.port,
    protocol,
    exchange: exchange ?? "first",
  });
  return resolveFlow(spec, addresses, shape);
}

function nameOwner({ uid, gid, mark }: Identity, { proxies }: PodShape): FlowWho {
  // A proxy that is known by its ids alone may mark a socket all the same.
  const isRunAs = ({ runsAs }: ProxyShape) =>
    runsAs.uid === uid && runsAs.gid === gid && (runsAs.mark === mark || runsAs.mark === 0);
  const proxy = proxies.find(isRunAs);
  if (proxy) return { actor: proxy.name, ids: {} };
  if (uid === APP_ID && gid === APP_ID) return { actor: "app", ids: {} };
  return uid === 0 && gid === 0 ? { actor: "root", ids: {} } : { actor: null, ids: { uid, gid } };
}

/** A proxy's name tells the mark of its sockets too. */
function isMarkedByName({ actor }: FlowWho, { proxies }: PodShape): boolean {
  return proxies.some(({ name, runsAs }) => name === actor && runsAs.mark !== 0);
}

function nameTarget(address: string, family: Family, addresses: SandboxAddresses, shape: PodShape): string {
  if (address === loopbackAddress(family)) return "localhost";
  const names = targetNames(shape);
  const isNamed = (host: HostName) => names.includes(host) && addresses[host][family] === address;
  return (["pod", "client", "upstream", "vm"] as const).find(isNamed) ?? address;
}
