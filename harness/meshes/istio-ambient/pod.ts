import type { Identity } from "../../model/contract.ts";
import { nameLinks } from "../../model/pod.ts";
import type { ListenerShape, PodShape } from "../../model/pod-shape.ts";
import type { PodFacts } from "../mesh.ts";
import type { AmbientSettings } from "./settings.ts";

/** The listener of outbound traffic. */
export const OUTBOUND = "envoy-outbound";
/** The listener of inbound traffic that no tunnel brought. */
export const INBOUND = "envoy-inbound";
/** The name of ztunnel's listener of captured DNS. */
export const DNS = "dns";
/** The mark of every socket that ztunnel opens in a pod (istio/ztunnel at 62d826530e5c, src/inpod/config.rs). */
const ZTUNNEL_MARK = 0x539;

const PROXY = "ztunnel";
const KUBELET = "kubelet";
const TUNNEL = "tunnel";

/**
 * Gives the pod of ambient mode: ztunnel, which runs on the node as root and opens its sockets in the pod, and kubelet, whose probes come
 * from an address that nobody has. What ztunnel takes inbound it brings to the app from its client's address (istio/ztunnel,
 * src/proxy/inbound_passthrough.rs). It is known by the low twelve bits of its mark; in a sandbox it has the whole mark 0x539.
 */
export function makeShape(
  { dnsCapture, virtualInterfaces, probeAddress }: AmbientSettings,
  { resolvers }: Pick<PodFacts, "resolvers">,
): PodShape {
  const owner: Identity = { uid: 0, gid: 0, mark: ZTUNNEL_MARK };
  const dials = { kind: "original", own: "like-others" } as const;
  const inbound = { kind: "original", own: "from-original-source", mark: ZTUNNEL_MARK } as const;
  const common = { proxy: PROXY, protocols: ["tcp"], host: "pod", address: null, owner, mode: "redirect" } as const;
  const tunnel: ListenerShape = {
    ...common,
    name: TUNNEL,
    role: "tunnel",
    port: 15008,
    mode: "plain",
    dials: { kind: "nothing" },
  };
  const dns: ListenerShape = {
    ...common,
    name: DNS,
    role: "dns",
    protocols: ["tcp", "udp"],
    port: 15053,
    dials: { kind: "resolver" },
  };
  return {
    proxies: [
      {
        name: PROXY,
        owners: [{ uid: null, gid: null, mark: { value: ZTUNNEL_MARK, mask: 0xfff } }],
        runsAs: owner,
        dials,
      },
    ],
    listeners: [
      { ...common, name: OUTBOUND, role: "outbound", port: 15001, dials },
      { ...common, name: INBOUND, role: "inbound", port: 15006, dials: inbound },
      tunnel,
      ...(dnsCapture === "on" ? [dns] : []),
    ],
    hosts: { [KUBELET]: { 4: probeAddress[4], 6: probeAddress[6] } },
    links: nameLinks(virtualInterfaces),
    resolvers,
    passThrough: { 4: null, 6: null },
  };
}
