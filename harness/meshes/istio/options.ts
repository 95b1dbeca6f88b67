import type { MeshOption } from "../mesh.ts";
import { TOOL_OPTIONS } from "./tool-options.ts";

/** An option that changes rules, less what most of them have in common. */
type Row = Pick<MeshOption, "setting" | "flag" | "letter" | "value" | "default" | "help"> &
  Partial<Pick<MeshOption, "variable" | "annotation" | "words" | "choosesKind">>;

/** The tool reads each of its flags from the variable of the same name, `proxy-uid` from PROXY_UID (pkg/flag/flag.go, BindEnv). */
function nameVariable(flag: string | null): string | null {
  return flag === null ? null : flag.toUpperCase().replaceAll("-", "_");
}

const PORTS: readonly Row[] = [
  {
    ...{ setting: "proxyPort", flag: "envoy-port", letter: "p", variable: null, value: "PORT" },
    ...{ default: "15001", help: "the port that outbound TCP traffic is redirected to" },
  },
  {
    ...{ setting: "inboundCapturePort", flag: "inbound-capture-port", letter: "z", value: "PORT" },
    ...{ default: "15006", help: "the port that inbound TCP traffic is redirected to" },
  },
  {
    ...{ setting: "inboundTunnelPort", flag: "inbound-tunnel-port", letter: "e", value: "PORT" },
    ...{ default: "15008", help: "the port of the mesh's tunnel, which is not captured" },
  },
];

const OWNERS: readonly Row[] = [
  {
    ...{ setting: "proxyUid", flag: "proxy-uid", letter: "u", value: "UIDS" },
    ...{
      default: "the uid of the user ENVOY_USER or istio-proxy, else 1337",
      help: "uids whose traffic is not captured",
    },
  },
  {
    ...{ setting: "proxyGid", flag: "proxy-gid", letter: "g", value: "GIDS" },
    ...{ default: "what --proxy-uid gives", help: "gids whose traffic is not captured" },
  },
];

const INTERCEPTION: readonly Row[] = [
  {
    ...{ setting: "interceptionMode", flag: "istio-inbound-interception-mode", letter: "m", value: "MODE" },
    ...{ words: ["REDIRECT", "TPROXY"], annotation: "sidecar.istio.io/interceptionMode" },
    ...{ default: "REDIRECT", help: "how inbound traffic is captured" },
  },
  {
    ...{ setting: "tproxyMark", flag: "istio-inbound-tproxy-mark", letter: "t", value: "MARK" },
    ...{ default: "1337", help: "the mark of packets captured with TPROXY, a decimal number" },
  },
  {
    ...{ setting: "tproxyRouteTable", flag: "istio-inbound-tproxy-route-table", letter: "r", value: "TABLE" },
    ...{ default: "133", help: "the routing table of packets with that mark, a decimal number" },
  },
];

const LISTS: readonly Row[] = [
  {
    ...{ setting: "inboundPortsInclude", flag: "istio-inbound-ports", letter: "b", value: "PORTS" },
    ...{ annotation: "traffic.sidecar.istio.io/includeInboundPorts" },
    ...{ default: "none, nothing is captured", help: "inbound ports to capture; * for all" },
  },
  {
    ...{ setting: "inboundPortsExclude", flag: "istio-local-exclude-ports", letter: "d", value: "PORTS" },
    ...{ annotation: "traffic.sidecar.istio.io/excludeInboundPorts" },
    ...{ default: "none", help: "inbound ports not to capture; only with -b '*'" },
  },
  {
    ...{ setting: "excludeInterfaces", flag: "istio-exclude-interfaces", letter: "c", value: "INTERFACES" },
    ...{ annotation: "traffic.sidecar.istio.io/excludeInterfaces" },
    ...{ default: "none", help: "interfaces whose traffic is not captured in either direction" },
  },
  {
    ...{ setting: "outboundIpRangesInclude", flag: "istio-service-cidr", letter: "i", value: "NETWORKS" },
    ...{ annotation: "traffic.sidecar.istio.io/includeOutboundIPRanges" },
    ...{ default: "none, nothing is captured", help: "destinations to capture; * for all" },
  },
  {
    ...{ setting: "outboundIpRangesExclude", flag: "istio-service-exclude-cidr", letter: "x", value: "NETWORKS" },
    ...{ annotation: "traffic.sidecar.istio.io/excludeOutboundIPRanges" },
    ...{ default: "none", help: "destinations not to capture" },
  },
  {
    ...{ setting: "outboundPortsInclude", flag: "istio-outbound-ports", letter: "q", value: "PORTS" },
    ...{ annotation: "traffic.sidecar.istio.io/includeOutboundPorts" },
    ...{ default: "none", help: "outbound ports to capture regardless of -i" },
  },
  {
    ...{ setting: "outboundPortsExclude", flag: "istio-local-outbound-ports-exclude", letter: "o", value: "PORTS" },
    ...{ annotation: "traffic.sidecar.istio.io/excludeOutboundPorts" },
    ...{ default: "none", help: "outbound ports not to capture, TCP and UDP" },
  },
  {
    ...{ setting: "kubevirtInterfaces", flag: "kube-virt-interfaces", letter: "k", value: "INTERFACES" },
    ...{ annotation: "istio.io/reroute-virtual-interfaces" },
    ...{ default: "none", help: "interfaces of virtual machines, whose traffic is treated as outbound" },
  },
];

const SWITCHES: readonly Row[] = [
  {
    ...{ setting: "redirectDns", flag: "redirect-dns", letter: null, variable: "ISTIO_META_DNS_CAPTURE", value: null },
    ...{ default: "false", help: "captures DNS to the servers of resolv.conf" },
  },
  {
    ...{ setting: "captureAllDns", flag: "capture-all-dns", letter: null, value: null },
    ...{ default: "false", help: "with --redirect-dns: captures DNS to every server" },
  },
  {
    ...{ setting: "dropInvalid", flag: "drop-invalid", letter: null, variable: "INVALID_DROP", value: null },
    ...{ default: "false", help: "drops packets that belong to no known connection" },
  },
  {
    ...{ setting: "dualStack", flag: "dual-stack", letter: null, variable: "ISTIO_DUAL_STACK", value: null },
    ...{
      default: "false",
      help: "makes IPv6 rules if any of the pod's addresses is IPv6; without it the first one decides",
    },
  },
  {
    ...{ setting: "nativeNftables", flag: "native-nftables", letter: null, value: null },
    ...{ default: "false", help: "makes native nftables rules", choosesKind: true },
  },
];

/** Settings for which the tool has variables alone. */
const VARIABLES: readonly Row[] = [
  {
    ...{ setting: "ownerGroupsInclude", flag: null, letter: null, variable: "ISTIO_OUTBOUND_OWNER_GROUPS" },
    ...{ value: "GIDS", default: "*: all", help: "gids whose outbound traffic is captured, at most 49" },
  },
  {
    ...{ setting: "ownerGroupsExclude", flag: null, letter: null, variable: "ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE" },
    ...{ value: "GIDS", default: "none", help: "gids whose outbound traffic is not captured, if all others are" },
  },
  {
    ...{ setting: "loopbackNetwork", flag: null, letter: null, variable: "ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR" },
    ...{ value: "NETWORK", default: "127.0.0.1/32", help: "IPv4 loopback addresses not to capture" },
  },
];

/**
 * Every option of istio-iptables at 86c9f01fd735 (tools/istio-iptables/pkg/cmd/root.go, tools/common/config/config.go): first those that
 * change rules, then those that steer the tool or ask for another action.
 */
export const ISTIO_OPTIONS: readonly MeshOption[] = [
  ...[...PORTS, ...OWNERS, ...INTERCEPTION, ...LISTS, ...SWITCHES, ...VARIABLES].map(
    (row): MeshOption => ({
      variable: nameVariable(row.flag),
      annotation: null,
      repeats: "last",
      effect: "rules",
      ...row,
    }),
  ),
  ...TOOL_OPTIONS.map((row): MeshOption => ({ variable: nameVariable(row.flag), ...row })),
];

/** Variables that count if the option's own one is not set. */
export const WEAKER_VARIABLES: Readonly<Record<string, string>> = {
  redirectDns: "REDIRECT_DNS",
  dropInvalid: "DROP_INVALID",
  dualStack: "DUAL_STACK",
};
