import { canonicalAddress, type Family } from "./address.ts";
import type { HostAddresses, PodShape } from "./pod-shape.ts";

/** The hosts of a sandbox. `vm` stands behind a kubevirt interface of the pod and is there only where a scenario asks for one. */
export type HostName = "pod" | "client" | "upstream" | "vm";

/** A listener's name: `app`, `client`, `upstream`, or that of a listener of the pod's shape, `envoy-inbound`. */
export type ListenerName = string;

/** The addresses of every host of a sandbox; each host always has one of each family. */
export type SandboxAddresses = Readonly<Record<HostName, HostAddresses>>;

/** The addresses that the netns and the simulated backend use, and docker wherever its network is free. */
export const DEFAULT_ADDRESSES: SandboxAddresses = {
  pod: { 4: "10.244.0.2", 6: "fd00:244::2" },
  client: { 4: "10.244.0.3", 6: "fd00:244::3" },
  upstream: { 4: "10.244.0.4", 6: "fd00:244::4" },
  vm: { 4: "10.245.0.2", 6: "fd00:245::2" },
};

/** The pod's interface towards its peers, by the name that Kubernetes gives it. */
export const POD_INTERFACE = "eth0";

/** Says whether an interface is one that every pod has: `eth0` or `lo`. */
export function isOwnInterface(name: string): boolean {
  return name === POD_INTERFACE || name === "lo";
}

/**
 * Gives the interfaces of a list that not every pod has, without those named by a pattern.
 *
 * @example
 * nameLinks(["eth0", "net1", "tap+"])   // ["net1"]
 */
export function nameLinks(names: readonly string[]): readonly string[] {
  return names.filter((name) => !isOwnInterface(name) && !name.endsWith("+"));
}

/**
 * Says whether a name of an interface, as iptables takes it, means an interface: a `+` at its end stands for any ending (iptables(8),
 * --in-interface).
 *
 * @example
 * fitsInterface("eth0", "eth+")   // true
 */
export function fitsInterface(name: string, pattern: string): boolean {
  return pattern.endsWith("+") ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

/** Uid and gid of the workload, which is neither root nor a mesh's proxy. */
export const APP_ID = 1000;
/** Ports on which the workload always listens, on all addresses of both families. */
export const APP_PORTS: readonly number[] = [22, 8080];
/** The address that a mesh may add to `lo` of an IPv6 pod, for its proxy to connect from. */
export const PASS_THROUGH_IPV6 = "::6";
/** Hops of one flow after which its landing is `loop`. */
export const MAX_HOPS = 8;
/** The highest port of TCP and UDP: 16 bits. */
export const MAX_PORT = 65535;
/** The highest uid or gid that a process can have: the one above, `(uid_t) -1`, stands for "none" (setresuid(2)). */
export const MAX_ID = 0xfffffffe;

/** The uid and gid of a socket's owner, each 0–4294967294. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Ports on which the app and the peers take datagrams (UDP), each on all addresses of both families. Which of a proxy's listeners do is
 * said by the pod's shape.
 */
export interface UdpPorts {
  readonly app: readonly number[];
  readonly upstream: readonly number[];
  readonly client: readonly number[];
}

/**
 * What has to stand in the sandbox before rules go in: the pod as its mesh or contract describes it, and what the flows need beside it.
 *
 * @example
 * { shape: { proxies: […], listeners: […], hosts: {}, links: [], … }, listen: [8080, 22], upstreamPorts: [80], clientPorts: [],
 *   upstreamAddresses: ["10.96.0.1"] }
 */
export interface PodSpec {
  readonly shape: PodShape;
  /** Every port of the app, on all addresses of both families. */
  readonly listen: readonly number[];
  /** Every port that some flow dials at upstream (or at an address upstream owns). */
  readonly upstreamPorts: readonly number[];
  readonly clientPorts: readonly number[];
  /** Absent: nobody takes datagrams. The ports above are TCP's alone. */
  readonly udp?: UdpPorts;
  /** Whether echo requests are driven: then every host notes those that come to it. */
  readonly echo?: boolean;
  /** Addresses beside its own that upstream owns; each is one that some flow dials. */
  readonly upstreamAddresses: readonly string[];
}

/** Gives the loopback address of a family: `127.0.0.1` or `::1`. */
export function loopbackAddress(family: Family): string {
  return family === 4 ? "127.0.0.1" : "::1";
}

/** Says whether an address is one of the loopback device's: 127.0.0.0/8, `::1`, and `::6`. */
export function isLoopback(address: string): boolean {
  return address.startsWith("127.") || address === loopbackAddress(6) || address === PASS_THROUGH_IPV6;
}

/** Says whether the pod has an address: its own of either family, or one of the loopback device's. */
export function isInPod(address: string, own: HostAddresses): boolean {
  return isLoopback(address) || address === own[4] || address === own[6];
}

/**
 * Gives the host that owns an address that is no loopback address: every address that no other host has is upstream's.
 *
 * @example
 * addressOwner("10.96.0.1", DEFAULT_ADDRESSES)   // "upstream"
 */
export function addressOwner(address: string, addresses: SandboxAddresses): HostName {
  const owns = (host: HostName) => addresses[host][4] === address || addresses[host][6] === address;
  return (["pod", "client", "vm"] as const).find(owns) ?? "upstream";
}

/** Gives the host an actor lives on: `client`, `upstream` and `vm` are hosts of their own, every other lives in the pod. */
export function hostOfActor(actor: string): HostName {
  return actor === "client" || actor === "upstream" || actor === "vm" ? actor : "pod";
}

/** Gives the interfaces behind which a `vm` stands: those that a pod's shape names and that the pod does not have anyway. */
export function vmLinks({ shape }: Pick<PodSpec, "shape">): readonly string[] {
  return shape.links.filter((name) => !isOwnInterface(name));
}

/** Gives the same pod with other interfaces beside `eth0` and `lo`. */
export function withLinks(spec: PodSpec, links: readonly string[]): PodSpec {
  return { ...spec, shape: { ...spec.shape, links } };
}

/**
 * Gives the pod's own addresses on a link to a `vm`, links counted from 0. On the first they are the vm's neighbours, `10.245.0.3` beside
 * `10.245.0.2`: an engine's bridge has `.1`. On others, behind which nobody is, they are of a network of their own.
 */
export function vmGateway(link: number, { vm }: Pick<SandboxAddresses, "vm">): HostAddresses {
  if (link === 0) return { 4: vm[4].replace(/\d+$/, "3"), 6: vm[6].replace(/\w+$/, "3") };
  const ipv6 = `fd00:245:${link}::1`;
  return { 4: `10.245.${link}.1`, 6: canonicalAddress(ipv6) ?? ipv6 };
}
