import type { Identity } from "../../model/contract.ts";
import { nameLinks } from "../../model/pod.ts";
import type { Dials, ListenerShape, PodShape } from "../../model/pod-shape.ts";
import type { PodFacts } from "../mesh.ts";
import { hasIpv6 } from "./pod-facts.ts";
import type { IstioSettings } from "./settings.ts";

const PROXY = "envoy";
const PROXY_ID = 1337;
/** Where istio-agent listens for DNS, over TCP and UDP; no setting of the tool changes it (pkg/config/constants). */
export const AGENT_DNS_PORT = 15053;
/** Further ports that no setting of the tool changes (istio-agent's and Envoy's bootstrap). */
export const STATUS_PORTS = { status: 15020, probe: 15021, stats: 15090 } as const;

/** Gives the pod of current Istio: Envoy with its listeners, and istio-agent with its own, both of one uid and gid. */
export function makeShape(
  settings: IstioSettings,
  { addresses, resolvers }: Pick<PodFacts, "addresses" | "resolvers">,
): PodShape {
  return {
    proxies: [
      {
        name: PROXY,
        owners: [
          ...settings.proxyUid.map((uid) => ({ uid, gid: null, mark: null })),
          ...settings.proxyGid.map((gid) => ({ uid: null, gid, mark: null })),
        ],
        runsAs: ownerOf(settings),
        dials: { kind: "original", own: "as-loopback" },
      },
    ],
    listeners: makeListeners(settings),
    hosts: {},
    links: listLinks(settings),
    resolvers,
    passThrough: { 4: "127.0.0.6", 6: hasIpv6(settings, addresses) ? "::6" : null },
  };
}

/**
 * Gives the name of the listener on a port that the settings name: two listeners on one port are one. Throws a RangeError for any other
 * port.
 */
export function nameListener(settings: IstioSettings, port: number): string {
  const found = makeListeners(settings).find((listener) => listener.port === port);
  if (!found) throw new RangeError(`Istio has no listener on port ${port}.`);
  return found.name;
}

/** Gives the name of the listener of captured DNS. */
export function nameDnsListener(settings: IstioSettings): string {
  return nameListener(settings, AGENT_DNS_PORT);
}

/**
 * Gives the interfaces of the pod that settings name beside eth0 and lo, without those named by a pattern; a virtual machine's come first.
 */
export function listLinks({ kubevirtInterfaces, excludeInterfaces }: IstioSettings): readonly string[] {
  const names = [...kubevirtInterfaces, ...excludeInterfaces];
  return nameLinks([...new Set(names)]);
}

/**
 * Gives the owner of Envoy and istio-agent: the first uid and the first gid that the settings leave alone, else Istio's. With TPROXY they
 * run as root with that gid, for the right to mark sockets (files/injection-template.yaml of the chart istio-discovery).
 */
function ownerOf({ proxyUid: [uid], proxyGid: [gid], interceptionMode }: IstioSettings): Identity {
  const own = uid?.first ?? PROXY_ID;
  return { uid: interceptionMode === "TPROXY" ? 0 : own, gid: gid?.first ?? own, mark: 0 };
}

/**
 * With TPROXY Envoy reaches the app from its client's address, with the mark 1337 (the filter OriginalSrc in
 * pilot/pkg/xds/filters/filters.go, added by populateListenerFilters in pilot/pkg/networking/core/listener_inbound.go). Limit: Envoy's
 * mark is fixed; here it is the one that the settings give to captured packets, which is the same unless -t changes it. Where no inbound
 * port is captured it has no client to do this for, and the pod has no routes for what bears the mark.
 */
function inboundDials(settings: IstioSettings): Dials {
  if (!isTransparent(settings)) return { kind: "original", own: "from-pass-through" };
  return { kind: "original", own: "from-original-source", mark: settings.tproxyMark };
}

/** Says whether some inbound connection is captured with TPROXY. */
export function isTransparent({ interceptionMode, inboundPortsInclude }: IstioSettings): boolean {
  return interceptionMode === "TPROXY" && inboundPortsInclude.length > 0;
}

/** With TPROXY inbound traffic is taken transparently; outbound traffic is redirected in every mode. */
function makeListeners(settings: IstioSettings): readonly ListenerShape[] {
  const { proxyPort, inboundCapturePort, inboundTunnelPort, interceptionMode } = settings;
  const common = { proxy: PROXY, protocols: ["tcp"], host: "pod", address: null, owner: ownerOf(settings) } as const;
  const plain = { ...common, mode: "plain", dials: { kind: "nothing" } } as const;
  const isOnePort = proxyPort === inboundCapturePort;
  const listeners: readonly ListenerShape[] = [
    {
      ...{ ...common, name: "envoy-outbound", role: "outbound", port: proxyPort },
      mode: isOnePort && interceptionMode === "TPROXY" ? "transparent" : "redirect",
      dials: { kind: "original", own: isOnePort ? "from-pass-through" : "as-loopback" },
    },
    {
      ...{ ...common, name: "envoy-inbound", role: "inbound", port: inboundCapturePort },
      mode: interceptionMode === "TPROXY" ? "transparent" : "redirect",
      dials: inboundDials(settings),
    },
    { ...plain, name: "tunnel", role: "tunnel", port: inboundTunnelPort },
    {
      ...{ ...plain, name: "dns", role: "dns", protocols: ["tcp", "udp"], port: AGENT_DNS_PORT, mode: "redirect" },
      dials: { kind: settings.redirectDns === "on" ? "resolver" : "nothing" },
    },
    ...Object.entries(STATUS_PORTS).map(([name, port]): ListenerShape => ({ ...plain, name, role: "status", port })),
  ];
  return listeners.filter(({ port }, i) => listeners.findIndex((other) => other.port === port) === i);
}
