import type { Family } from "../../model/address.ts";
import { isIpv6Pod } from "../../model/capture.ts";
import type { Identity } from "../../model/contract.ts";
import { isOwnInterface } from "../../model/pod.ts";
import type { ListenerMode, PodShape } from "../../model/pod-shape.ts";
import type { CaptureConfig } from "./config.ts";
import { DEFAULT_PROXY_ID } from "./defaults.ts";
import { entryRange } from "./lists.ts";

/** The listener of outbound traffic. */
export const OUTBOUND = "envoy-outbound";
/** The listener of inbound traffic. */
export const INBOUND = "envoy-inbound";
/** The address from which the proxy's inbound pass-through connects (the cluster InboundPassthroughCluster). */
export const PASS_THROUGH: Readonly<Record<Family, string>> = { 4: "127.0.0.6", 6: "::6" };

const PROXY = "envoy";
const PROXY_ID = DEFAULT_PROXY_ID;
/** The sidecar's own status port (pilot-agent, --statusPort of the injector's template). */
export const STATUS_PORT = 15020;

/** Gives the name of the listener that takes what is for another one: two listeners on one port are one. */
export function takenFor({ proxyPort, inboundCapturePort }: CaptureConfig, listener: string): string {
  return proxyPort === inboundCapturePort ? OUTBOUND : listener;
}

/** Gives the pod of Istio 1.4: one Envoy, its two listeners, and the status port. */
export function makeShape(config: CaptureConfig): PodShape {
  const owner = proxyOwner(config);
  const mode: ListenerMode = config.interceptionMode === "TPROXY" ? "transparent" : "redirect";
  const isOnePort = config.proxyPort === config.inboundCapturePort;
  const common = { proxy: PROXY, protocols: ["tcp"], host: "pod", address: null, owner } as const;
  const inbound = {
    ...common,
    name: INBOUND,
    role: "inbound",
    port: config.inboundCapturePort,
    mode,
    dials: { kind: "original", own: "from-pass-through" },
  } as const;
  const status = {
    ...common,
    name: "status",
    role: "status",
    port: STATUS_PORT,
    mode: "plain",
    dials: { kind: "nothing" },
  } as const;
  return {
    proxies: [
      {
        name: PROXY,
        owners: [
          ...config.proxyUid.map((entry) => ({ uid: entryRange(entry), gid: null, mark: null })),
          ...config.proxyGid.map((entry) => ({ uid: null, gid: entryRange(entry), mark: null })),
        ],
        runsAs: owner,
        dials: { kind: "original", own: "as-loopback" },
      },
    ],
    listeners: [
      {
        ...common,
        name: OUTBOUND,
        role: "outbound",
        port: config.proxyPort,
        mode,
        dials: { kind: "original", own: isOnePort ? "from-pass-through" : "as-loopback" },
      },
      ...(isOnePort ? [] : [inbound]),
      ...([config.proxyPort, config.inboundCapturePort].includes(STATUS_PORT) ? [] : [status]),
    ],
    hosts: {},
    links: listVirtualLinks(config),
    resolvers: [],
    passThrough: { 4: PASS_THROUGH[4], 6: isIpv6Pod(config) ? PASS_THROUGH[6] : null },
  };
}

/** Gives the owner that the proxy runs as: the first uid and the first gid that the settings leave alone, else Istio's. */
function proxyOwner({ proxyUid, proxyGid }: CaptureConfig): Identity {
  const [uid] = proxyUid.map(entryRange);
  const [gid] = proxyGid.map(entryRange);
  return { uid: uid?.first ?? PROXY_ID, gid: gid?.first ?? uid?.first ?? PROXY_ID, mark: 0 };
}

/** Gives the interfaces behind which virtual machines are, beside those that every pod has. */
export function listVirtualLinks({ kubevirtInterfaces }: Pick<CaptureConfig, "kubevirtInterfaces">): readonly string[] {
  return kubevirtInterfaces.filter((name) => !isOwnInterface(name));
}
