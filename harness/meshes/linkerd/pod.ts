import type { Identity } from "../../model/contract.ts";
import type { ListenerShape, PodShape } from "../../model/pod-shape.ts";
import { ADMIN_PORT, CONTROL_PORT } from "./ports.ts";
import type { LinkerdSettings } from "./settings.ts";

/** The listener of inbound traffic. */
export const PROXY_INBOUND = "proxy-inbound";
/** The listener of outbound traffic. */
export const PROXY_OUTBOUND = "proxy-outbound";

const PROXY = "proxy";
/** The uid and gid that Linkerd's chart gives the proxy. */
const PROXY_ID = 2102;

/** Gives the pod of Linkerd: one proxy, its two listeners, and its control and admin ports. */
export function makeShape({ proxyUid, proxyGid, incomingProxyPort, outgoingProxyPort }: LinkerdSettings): PodShape {
  const owner: Identity = { uid: proxyUid ?? PROXY_ID, gid: proxyGid ?? proxyUid ?? PROXY_ID, mark: 0 };
  const dials = { kind: "original", own: "like-others" } as const;
  const common = { proxy: PROXY, protocols: ["tcp"], host: "pod", address: null, owner } as const;
  const listener = (name: string, role: ListenerShape["role"], port: number): ListenerShape =>
    role === "status"
      ? { ...common, name, role, port, mode: "plain", dials: { kind: "nothing" } }
      : { ...common, name, role, port, mode: "redirect", dials };
  const listeners = [
    listener(PROXY_OUTBOUND, "outbound", outgoingProxyPort),
    listener(PROXY_INBOUND, "inbound", incomingProxyPort),
    listener("proxy-control", "status", CONTROL_PORT),
    listener("proxy-admin", "status", ADMIN_PORT),
  ];
  return {
    proxies: [
      {
        name: PROXY,
        owners: [
          ...(proxyUid === null ? [] : [{ uid: { first: proxyUid, last: proxyUid }, gid: null, mark: null }]),
          ...(proxyGid === null ? [] : [{ uid: null, gid: { first: proxyGid, last: proxyGid }, mark: null }]),
        ],
        runsAs: owner,
        dials,
      },
    ],
    // Two listeners on one port are one.
    listeners: listeners.filter(({ port }, i) => listeners.findIndex((other) => other.port === port) === i),
    hosts: {},
    links: [],
    resolvers: [],
    passThrough: { 4: null, 6: null },
  };
}
