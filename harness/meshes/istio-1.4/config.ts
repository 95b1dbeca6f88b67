/** The interception mode of inbound traffic; outbound traffic is always redirected. */
export type InterceptionMode = "REDIRECT" | "TPROXY";

/**
 * What a dialect's generator is asked for: the resolved settings, whatever flag, file or variable they came from.
 * Names are Istio's. Lists keep their order and their duplicates, since both show in the rules.
 *
 * @example the seed command
 * { dialect: "istio-1.4", proxyPort: 15001, inboundCapturePort: 15006, proxyUid: ["1337"], proxyGid: ["1337"],
 *   interceptionMode: "REDIRECT", inboundPortsInclude: "*", inboundPortsExclude: ["15020"],
 *   outboundIpRangesInclude: "*", outboundIpRangesExclude: [], outboundPortsExclude: [], kubevirtInterfaces: [],
 *   tproxyMark: 1337, tproxyRouteTable: 133, loopbackCapture: "on", podIps: ["10.244.0.2"] }
 */
export interface CaptureConfig {
  readonly dialect: string;
  /** Where outbound traffic is redirected to (`-p`), 1–65535. */
  readonly proxyPort: number;
  /** Where inbound traffic is redirected to if every port is included (`-z`), 1–65535. */
  readonly inboundCapturePort: number;
  /** Owners whose traffic is left alone (`-u`): ids as decimal text, or ranges `1000-2000`; names are resolved already. */
  readonly proxyUid: readonly string[];
  /** The same for groups (`-g`). */
  readonly proxyGid: readonly string[];
  readonly interceptionMode: InterceptionMode;
  /** `*` for every port, else ports and ranges `8000:8100` (`-b`); empty: no inbound capture. Service names are resolved already. */
  readonly inboundPortsInclude: "*" | readonly string[];
  /** Ports and ranges that are left alone if every port is included (`-d`). */
  readonly inboundPortsExclude: readonly string[];
  /** `*` for everything, else networks of either family as iptables prints them (`-i`); empty: no outbound capture. */
  readonly outboundIpRangesInclude: "*" | readonly string[];
  /** Networks that are never captured (`-x`). */
  readonly outboundIpRangesExclude: readonly string[];
  /** Ports and ranges that are never captured outbound (`-o`). */
  readonly outboundPortsExclude: readonly string[];
  /** Interfaces behind which virtual machines live; what comes in by them is treated as outbound (`-k`). */
  readonly kubevirtInterfaces: readonly string[];
  /** Mark of TPROXY packets, 32 bits. */
  readonly tproxyMark: number;
  /** Routing table that delivers marked packets locally. */
  readonly tproxyRouteTable: number;
  /** Whether calls to the pod's own address are captured; `off` by DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK. IPv4 only. */
  readonly loopbackCapture: "on" | "off";
  /** The pod's addresses, which decide the families: a single IPv6 address makes an IPv6 pod, anything else an IPv4 pod. */
  readonly podIps: readonly string[];
}
