import type { Family } from "./address.ts";
import type { Identity, Protocol } from "./contract.ts";
import type { HostAddresses } from "./pod.ts";

/** What a listener is for: `inbound` and `outbound` take captured traffic of that direction. */
export type ListenerRole = "inbound" | "outbound" | "dns" | "tunnel" | "status" | "app";

/** How a listener takes traffic: after a redirect, transparently (IP_TRANSPARENT, for TPROXY), or only what is dialled at it. */
export type ListenerMode = "redirect" | "transparent" | "plain";

/**
 * What a proxy dials for a connection that it has taken: nothing, the same end point always, or what had been dialled. `own` says how
 * it reaches the pod's own addresses: from the pass-through address, as loopback, or like any other.
 */
export type Dials =
  | { readonly kind: "nothing" }
  | { readonly kind: "original"; readonly own: "from-pass-through" | "as-loopback" | "like-others" }
  | { readonly kind: "fixed"; readonly address: string; readonly port: number };

/** Whose sockets are a proxy's: those of a uid, a gid and a mark, as far as each is given. */
export interface OwnerPattern {
  readonly uid: number | null;
  readonly gid: number | null;
  readonly mark: number | null;
}

/** A proxy beside the workload. */
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
 * Somebody who listens.
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

/** Who is in a pod and beside it, and who listens where: what a sandbox builds and a simulator assumes. Knows no rules. */
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
