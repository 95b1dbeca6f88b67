import type { Family } from "./address.ts";
import type { Identity, Protocol } from "./contract.ts";

/** One host's addresses, canonical text: `{ 4: "10.244.0.2", 6: "fd00:244::2" }`. */
export interface HostAddresses {
  readonly 4: string;
  readonly 6: string;
}

/** What a listener is for: `inbound` and `outbound` take captured traffic of that direction. */
export type ListenerRole = "inbound" | "outbound" | "dns" | "tunnel" | "status" | "app";

/** How a listener takes traffic: after a redirect, transparently (IP_TRANSPARENT, for TPROXY), or only what is dialled at it. */
export type ListenerMode = "redirect" | "transparent" | "plain";

/** How a proxy reaches the pod's own addresses; {@link Dials} says what each means. */
export type ReachesPod = "from-pass-through" | "from-original-source" | "as-loopback" | "like-others";

/**
 * What a proxy dials for a connection or datagram that it has taken: nothing, the same end point always, the first server of the pod's
 * resolver file at port 53, or what had been dialled. `own` says how it reaches the pod's own addresses: from the pass-through address,
 * from that of the peer whose connection it took (IP_TRANSPARENT, like Envoy's `original_src`), as loopback, or like any other.
 */
export type Dials =
  | { readonly kind: "nothing" }
  | { readonly kind: "resolver" }
  | { readonly kind: "original"; readonly own: Exclude<ReachesPod, "from-original-source"> }
  /** `mark`: that of the sockets with a peer's address; of others the proxy's own is. */
  | { readonly kind: "original"; readonly own: "from-original-source"; readonly mark: number }
  | { readonly kind: "fixed"; readonly address: string; readonly port: number };

/** The uids or gids from `first` to `last`, both included. */
export interface IdRange {
  readonly first: number;
  readonly last: number;
}

/** Whose sockets are a proxy's: those of some uids, some gids and a mark, as far as each is given; all that are given must fit. */
export interface OwnerPattern {
  readonly uid: IdRange | null;
  readonly gid: IdRange | null;
  readonly mark: { readonly value: number; readonly mask: number } | null;
}

/**
 * A proxy beside the workload: whose sockets are its own, and what it dials on.
 *
 * @example
 * { name: "envoy", owners: [{ uid: { first: 1337, last: 1337 }, gid: null, mark: null }], runsAs: { uid: 1337, gid: 1337, mark: 0 },
 *   dials: { kind: "original", own: "as-loopback" } }
 */
export interface ProxyShape {
  /** What landings and flows call it: `envoy`. As an actor also `proxy`, if there is one proxy. */
  readonly name: string;
  /** A socket is the proxy's if any of these fits. */
  readonly owners: readonly OwnerPattern[];
  /** What it runs as in a sandbox. */
  readonly runsAs: Identity;
  readonly dials: Dials;
}

/**
 * A listener of the pod, or of a host beside it: who it belongs to, where it listens, and what it does with a connection.
 *
 * @example
 * { name: "envoy-outbound", role: "outbound", proxy: "envoy", protocols: ["tcp"], port: 15001, host: "pod", address: null,
 *   owner: { uid: 1337, gid: 1337, mark: 0 }, mode: "redirect", dials: { kind: "original", own: "as-loopback" } }
 */
export interface ListenerShape {
  readonly name: string;
  readonly role: ListenerRole;
  /** The proxy that it belongs to; null for another process. */
  readonly proxy: string | null;
  readonly protocols: readonly Exclude<Protocol, "icmp">[];
  /** 1–65535. */
  readonly port: number;
  /** `pod`, or the host it stands on. */
  readonly host: string;
  /** The one address it listens on, canonical text; null: every address of its host. */
  readonly address: string | null;
  readonly owner: Identity;
  readonly mode: ListenerMode;
  readonly dials: Dials;
}

/**
 * Who is in a pod and beside it, and who listens where: what a sandbox builds and a simulator assumes. Knows no rules.
 *
 * @example
 * // an Istio pod whose proxy runs as uid 1337; a listener is shown at ListenerShape
 * { proxies: [{ name: "envoy", owners: [{ uid: { first: 1337, last: 1337 }, gid: null, mark: null }],
 *     runsAs: { uid: 1337, gid: 1337, mark: 0 }, dials: { kind: "original", own: "as-loopback" } }],
 *   listeners: […], hosts: {}, links: [], resolvers: ["10.96.0.10"], passThrough: { 4: "127.0.0.6", 6: null } }
 */
export interface PodShape {
  readonly proxies: readonly ProxyShape[];
  /** The app's own ports are not among them: scenarios name those. */
  readonly listeners: readonly ListenerShape[];
  /** Hosts beside the usual ones, by name. */
  readonly hosts: Readonly<Record<string, HostAddresses>>;
  /** Interfaces of the pod beside `eth0` and `lo`, each with a host behind it. */
  readonly links: readonly string[];
  /** Addresses of the servers in the pod's resolv.conf, in order. */
  readonly resolvers: readonly string[];
  /** The address from which a proxy connects to the pod's own, by family; null where the pod has none. */
  readonly passThrough: Readonly<Record<Family, string | null>>;
}

/** Gives the shape of a pod in which nobody stands beside the app: no proxy, no listener, no further interface. */
export const BARE_SHAPE: PodShape = {
  proxies: [],
  listeners: [],
  hosts: {},
  links: [],
  resolvers: [],
  passThrough: { 4: null, 6: null },
};

/**
 * Says whether a socket is a proxy's: one of its patterns fits, and a pattern fits if all that it names does.
 *
 * @example
 * ownsSocket({ owners: [{ uid: null, gid: null, mark: { value: 0x539, mask: 0xfff } }] }, { uid: 0, gid: 0, mark: 0x539 })   // true
 */
export function ownsSocket({ owners }: Pick<ProxyShape, "owners">, { uid, gid, mark }: Identity): boolean {
  const isIn = (range: IdRange | null, id: number) => range === null || (range.first <= id && id <= range.last);
  return owners.some(
    (owner) =>
      isIn(owner.uid, uid) &&
      isIn(owner.gid, gid) &&
      (owner.mark === null || (mark & owner.mark.mask) >>> 0 === owner.mark.value >>> 0),
  );
}

/** Gives who the first proxy runs as; root where the pod has none. */
export function proxyIdentity({ proxies }: Pick<PodShape, "proxies">): Identity {
  return proxies[0]?.runsAs ?? { uid: 0, gid: 0, mark: 0 };
}

/** Gives the ports of the pod on which listeners of its shape stand: the app cannot have those. */
export function takenPorts({ listeners }: Pick<PodShape, "listeners">): readonly number[] {
  return [...new Set(listeners.filter(({ host }) => host === "pod").map(({ port }) => port))];
}

/**
 * Says whether a listener is one that takes captured traffic for a proxy, which dials on in its place. One that only resolves names is not.
 */
export function dialsOn({ dials }: Pick<ListenerShape, "dials">): boolean {
  return dials.kind !== "nothing" && dials.kind !== "resolver";
}

/**
 * Gives the mark of the sockets with which some proxy of a pod dials the pod's own addresses from those of its peers, as ztunnel does, and
 * Envoy with Istio's TPROXY; null where no socket of the pod has another host's address.
 */
export function findPeerMark({ listeners }: Pick<PodShape, "listeners">): number | null {
  const dials = listeners.flatMap((one) => (one.dials.kind === "original" ? one.dials : []));
  return dials.flatMap((one) => (one.own === "from-original-source" ? one.mark : []))[0] ?? null;
}

/**
 * Gives the pod that what a real Envoy dials meets: Envoy stands for the listeners that follow the original destination, and whoever else
 * has a listener answers there, without passing anything on.
 */
export function behindRealEnvoy<Pod extends { readonly shape: PodShape }>(pod: Pod): Pod {
  const answer = (listener: ListenerShape): ListenerShape =>
    listener.dials.kind === "original" ? listener : { ...listener, dials: { kind: "nothing" } };
  return { ...pod, shape: { ...pod.shape, listeners: pod.shape.listeners.map(answer) } };
}

/** Says whether something is dialled for what a listener takes: by a proxy in the place of its sender, or to resolve a name. */
export function forwards({ dials }: Pick<ListenerShape, "dials">): boolean {
  return dials.kind !== "nothing";
}

/** Gives the listener of the pod that has a name; undefined where none has. */
export function findListener({ listeners }: Pick<PodShape, "listeners">, name: string | null) {
  return listeners.find((listener) => listener.name === name);
}
