import { type Family, familyOf } from "../../model/address.ts";
import type { Identity } from "../../model/contract.ts";
import { isInPod } from "../../model/pod.ts";
import type { ListenerShape, PodShape } from "../../model/pod-shape.ts";
import type { PodFacts } from "../mesh.ts";
import type { ConsulSettings } from "./settings.ts";

/** The listener of inbound traffic. */
export const PUBLIC = "public";
/** The listener of outbound traffic. */
export const OUTBOUND = "envoy-outbound";
/** The name of the listener of DNS: Consul's own server, on the dataplane's loopback. */
export const DNS = "consul-dns";

const PROXY = "envoy";
const DNS_PORT = 53;

/**
 * Gives the pod of Consul: Envoy with its two listeners, and Consul's DNS server, which the dataplane runs on loopback; or where settings
 * say, if that is the pod's own address.
 */
export function makeShape(settings: ConsulSettings, { own }: Pick<PodFacts, "own">): PodShape {
  const { proxyUid, inboundPort, outboundPort } = settings;
  const owner: Identity = { uid: proxyUid.first, gid: proxyUid.first, mark: 0 };
  const dials = { kind: "original", own: "like-others" } as const;
  const common = {
    proxy: PROXY,
    protocols: ["tcp"],
    host: "pod",
    address: null,
    owner,
    mode: "redirect",
    dials,
  } as const;
  const inbound: ListenerShape = { ...common, name: PUBLIC, role: "inbound", port: inboundPort };
  return {
    proxies: [{ name: PROXY, owners: [{ uid: proxyUid, gid: null, mark: null }], runsAs: owner, dials }],
    listeners: [
      { ...common, name: OUTBOUND, role: "outbound", port: outboundPort },
      ...(inboundPort === outboundPort ? [] : [inbound]),
      ...dnsListener(settings, owner, own),
    ],
    hosts: {},
    links: [],
    resolvers: [],
    passThrough: { 4: null, 6: null },
  };
}

/** A server that is not in the pod is somebody else's: it stands at `upstream`. TCP of a port that is Envoy's too is Envoy's. */
function dnsListener(settings: ConsulSettings, owner: Identity, own: PodFacts["own"]): readonly ListenerShape[] {
  const { dnsAddress, dnsPort, dualStack } = settings;
  if (dnsAddress === null && dnsPort === null) return [];
  // One address where DNS of one family is captured.
  const takesBoth = capturesDnsOf(settings, 4) && capturesDnsOf(settings, 6);
  const address = takesBoth ? null : (dnsAddress ?? (dualStack === "on" ? "::1" : "127.0.0.1"));
  const isOwn = address === null || isInPod(address, own);
  const port = dnsPort ?? DNS_PORT;
  const isEnvoys = isOwn && [settings.inboundPort, settings.outboundPort].includes(port);
  return [
    {
      name: DNS,
      role: "dns",
      proxy: isOwn ? PROXY : null,
      protocols: isEnvoys ? ["udp"] : ["tcp", "udp"],
      port,
      host: isOwn ? "pod" : "upstream",
      address,
      owner: isOwn ? owner : { uid: 0, gid: 0, mark: 0 },
      mode: "redirect",
      dials: { kind: "nothing" },
    },
  ];
}

/**
 * Says whether DNS of a family is captured where any is: that of the server's family, or of the loopback address: IPv6's with DualStack,
 * else IPv4's. With DualStack rules of nftables take both loopback addresses.
 */
export function capturesDnsOf({ dnsAddress, dualStack, format }: ConsulSettings, family: Family): boolean {
  if (dnsAddress !== null) return familyOf(dnsAddress) === family;
  if (dualStack === "off") return family === 4;
  return family === 6 || format === "nftables";
}
