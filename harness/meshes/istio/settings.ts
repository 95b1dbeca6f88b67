import type { Range } from "../../model/match.ts";

/** What istio-iptables is asked for. Networks are as they were written, of either family. */
export interface IstioSettings {
  /** 1–65535, as all ports. */
  readonly proxyPort: number;
  readonly inboundCapturePort: number;
  readonly inboundTunnelPort: number;
  /** In order: the first entry decides more than the others. */
  readonly proxyUid: readonly Range[];
  readonly proxyGid: readonly Range[];
  readonly interceptionMode: "REDIRECT" | "TPROXY";
  /** 1–0xffffffff. */
  readonly tproxyMark: number;
  /** 1–4294967295. */
  readonly tproxyRouteTable: number;
  readonly inboundPortsInclude: "*" | readonly Range[];
  readonly inboundPortsExclude: readonly Range[];
  readonly outboundPortsInclude: readonly Range[];
  readonly outboundPortsExclude: readonly Range[];
  readonly outboundIpRangesInclude: "*" | readonly string[];
  readonly outboundIpRangesExclude: readonly string[];
  readonly excludeInterfaces: readonly string[];
  readonly kubevirtInterfaces: readonly string[];
  readonly redirectDns: "on" | "off";
  readonly captureAllDns: "on" | "off";
  readonly dropInvalid: "on" | "off";
  readonly dualStack: "on" | "off";
  /** An empty list means that no group's traffic is captured. */
  readonly ownerGroupsInclude: "*" | readonly Range[];
  /** It counts only where the groups to capture are `*`. */
  readonly ownerGroupsExclude: readonly Range[];
  /** IPv4, within 127.0.0.0/8. */
  readonly loopbackNetwork: string;
  /** `on`: rules of nftables, in tables of both families. */
  readonly nativeNftables: "on" | "off";
}
