import { type Family, familyOf } from "../../model/address.ts";
import type { Identity } from "../../model/contract.ts";
import { isOwnInterface } from "../../model/pod.ts";
import type { ListenerShape, PodShape } from "../../model/pod-shape.ts";
import type { PodFacts } from "../mesh.ts";
import type { KumaSettings } from "./settings.ts";

/** The listener of inbound traffic. */
const INBOUND = "envoy-inbound";
/** The listener of outbound traffic. */
export const OUTBOUND = "envoy-outbound";
/** The name of the listener of captured DNS, in kuma-dp. */
export const DNS = "dns";
/** The address from which the proxy's inbound pass-through connects. */
export const PASS_THROUGH: Readonly<Record<Family, string>> = { 4: "127.0.0.6", 6: "::6" };

const PROXY = "envoy";

/** Gives the families whose traffic Kuma redirects: IPv4, and IPv6 where it is asked for and the pod has an address of it. */
export function familiesOf(
  { families }: Pick<KumaSettings, "families">,
  { addresses }: Pick<PodFacts, "addresses">,
): readonly Family[] {
  return families === "dualstack" && addresses.some((address) => familyOf(address) === 6) ? [4, 6] : [4];
}

/** Gives the listener that takes TCP which is meant for another one: two listeners on one port are one. */
export function listenerOf({ inbound, outbound }: KumaSettings, direction: "inbound" | "outbound"): string {
  return direction === "outbound" || inbound.port === outbound.port ? OUTBOUND : INBOUND;
}

/**
 * Gives the interfaces behind which virtual networks are, beside those that every pod has; `br+` stands for every one that begins so, of
 * which there is `br0`.
 */
export function linksOf({ virtualNetworks }: Pick<KumaSettings, "virtualNetworks">): readonly string[] {
  const names = virtualNetworks.map(({ interface: name }) => name.replace(/\+$/, "0"));
  return [...new Set(names)].filter((name) => !isOwnInterface(name));
}

/** Gives the pod of Kuma: Envoy with its two listeners, and the DNS proxy beside it, which one user runs. */
export function makeShape(settings: KumaSettings, pod: PodFacts): PodShape {
  const { proxyUid, inbound, outbound, dns } = settings;
  const owner: Identity = { uid: proxyUid, gid: proxyUid, mark: 0 };
  const common = { proxy: PROXY, host: "pod", address: null, owner, mode: "redirect" } as const;
  const isOnePort = inbound.port === outbound.port;
  const listeners: readonly ListenerShape[] = [
    {
      ...common,
      name: OUTBOUND,
      role: "outbound",
      protocols: ["tcp"],
      port: outbound.port,
      dials: { kind: "original", own: isOnePort ? "from-pass-through" : "like-others" },
    },
    {
      ...common,
      name: INBOUND,
      role: "inbound",
      protocols: ["tcp"],
      port: inbound.port,
      dials: { kind: "original", own: "from-pass-through" },
    },
    {
      ...common,
      name: DNS,
      role: "dns",
      // TCP of the port is Envoy's where they are one.
      protocols: [inbound.port, outbound.port].includes(dns.port) ? ["udp"] : ["tcp", "udp"],
      port: dns.port,
      dials: { kind: dns.capture === "off" ? "nothing" : "resolver" },
    },
  ];
  return {
    proxies: [
      {
        name: PROXY,
        owners: [{ uid: { first: proxyUid, last: proxyUid }, gid: null, mark: null }],
        runsAs: owner,
        dials: { kind: "original", own: "like-others" },
      },
    ],
    listeners: listeners.filter(({ name }) => name !== INBOUND || !isOnePort),
    hosts: {},
    links: linksOf(settings),
    resolvers: pod.resolvers,
    passThrough: { 4: PASS_THROUGH[4], 6: familiesOf(settings, pod).includes(6) ? PASS_THROUGH[6] : null },
  };
}
