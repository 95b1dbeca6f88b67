import { renderHex } from "../../formats/values.ts";
import { type Family, renderAddress, renderEndpoint } from "../../model/address.ts";
import type { Identity } from "../../model/contract.ts";
import { type Flow, startsInPod } from "../../model/flow.ts";
import { isRouteSource, resolveFlow } from "../../model/flow-resolution.ts";
import { nameProtocol, parseFlowText } from "../../model/flow-text.ts";
import { APP_ID, loopbackAddress, type SandboxAddresses } from "../../model/pod.ts";
import type { PodShape, ProxyShape } from "../../model/pod-shape.ts";
import type { Lane } from "./lanes.ts";

/** One flow standing for its class, with what is assumed of matches that are not understood. */
export interface Witness {
  readonly lane: Lane;
  readonly flow: Flow;
  /** The sandbox's addresses. */
  readonly addresses: SandboxAddresses;
  /** By text of each unknown match that the class depends on: whether it holds. */
  readonly assumed: ReadonlyMap<string, "holds" | "fails">;
}

/** A point of a flow space. */
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

/** Gives a point as a flow that users write and sandboxes drive, named as simply as it can be. */
export function makeWitness(
  { lane, uid, gid, source, destination, port, sourcePort }: FlowPoint,
  family: Family,
  addresses: SandboxAddresses,
  shape: PodShape,
  assumed: Witness["assumed"],
): Witness {
  const sourceText = renderAddress(family, source ?? destination);
  // Every address that no other host has is upstream's, as a source too.
  const isStranger = lane.host === "client" && sourceText !== addresses.client[family];
  const host = isStranger ? "upstream" : lane.host;
  const { mark } = lane.socket;
  const actor = host === "pod" ? nameOwner({ uid, gid, mark }, shape) : host + (family === 6 ? "6" : "");
  const isNamed = lane.binding === "bound" || isStranger;
  const at = nameSource(isNamed ? sourceText : null, family, sourcePort, isProxyName(actor, shape) ? 0 : mark);
  const target = nameTarget(renderAddress(family, destination), port, family, addresses);
  const text = `${actor}${at} -> ${target}${nameProtocol(lane.protocol)}`;
  return { lane, flow: writeFlow(text, addresses, shape), addresses, assumed };
}

/** Gives the same flow named as simply as it can be: `client -> pod:21` for `client -> 10.244.0.2:21`, `root` for `uid=0,gid=0`. */
export function nameFlow(
  { family, from, to, protocol, exchange }: Flow,
  addresses: SandboxAddresses,
  shape: PodShape,
): Flow {
  const { uid, gid, mark = 0 } = from;
  const actor = startsInPod({ from }) ? nameOwner({ uid, gid, mark }, shape) : from.actor + (family === 6 ? "6" : "");
  const isRouted = isRouteSource(from.address, from.actor, family, to.address, addresses);
  const at = nameSource(
    isRouted ? null : from.address,
    family,
    from.port ?? null,
    isProxyName(actor, shape) ? 0 : mark,
  );
  const text = `${actor}${at} -> ${nameTarget(to.address, to.port, family, addresses)}${nameProtocol(protocol)}`;
  return writeFlow(exchange === undefined ? text : `${exchange} ${text}`, addresses, shape);
}

/** Gives what stands behind an actor: `,mark=0x1@10.0.0.1:5000`, as much of it as there is. */
function nameSource(address: string | null, family: Family, port: number | null, mark: number): string {
  const host = address === null ? "" : family === 6 ? `[${address}]` : address;
  const end = port === null ? host : `${host}:${port}`;
  return `${mark === 0 ? "" : `,mark=${renderHex(mark)}`}${end === "" ? "" : `@${end}`}`;
}

function writeFlow(text: string, addresses: SandboxAddresses, shape: PodShape): Flow {
  const parsed = parseFlowText(text, shape);
  if (!parsed.ok) throw new TypeError(`"${text}" is not a flow: ${parsed.findings[0]?.message}`);
  return resolveFlow(parsed.value, addresses, shape);
}

function nameOwner({ uid, gid, mark }: Identity, { proxies }: PodShape): string {
  // A proxy that is known by its ids alone may mark a socket all the same.
  const isRunAs = ({ runsAs }: ProxyShape) =>
    runsAs.uid === uid && runsAs.gid === gid && (runsAs.mark === mark || runsAs.mark === 0);
  const proxy = proxies.find(isRunAs);
  if (proxy) return proxy.name;
  if (uid === APP_ID && gid === APP_ID) return "app";
  return uid === 0 && gid === 0 ? "root" : `uid=${uid},gid=${gid}`;
}

/** A proxy's name tells the mark of its sockets too. */
function isProxyName(actor: string, { proxies }: PodShape): boolean {
  return proxies.some(({ name, runsAs }) => name === actor && runsAs.mark !== 0);
}

function nameTarget(address: string, port: number, family: Family, addresses: SandboxAddresses): string {
  const hosts = (["pod", "client", "upstream"] as const).map(
    (host) => [host as string, addresses[host][family]] as const,
  );
  const named = [...hosts, ["localhost", loopbackAddress(family)] as const].find(([, known]) => known === address);
  return named ? `${named[0]}${family === 6 ? "6" : ""}:${port}` : renderEndpoint(address, port);
}
