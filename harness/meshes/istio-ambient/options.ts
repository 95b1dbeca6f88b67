import type { MeshOption } from "../mesh.ts";
import { TOOL_OPTIONS } from "./tool-options.ts";

const COMMON = {
  flag: null,
  letter: null,
  variable: null,
  annotation: null,
  repeats: "last",
  effect: "rules",
} as const;
const SWITCH = { ...COMMON, value: null, words: ["true", "false"] } as const;

/**
 * Every input of Istio's node agent for ambient mode (istio/istio at 86c9f01fd735: cni/pkg/cmd/root.go, cni/pkg/nodeagent/options.go and
 * net.go). The agent reads what decides about rules from variables and from annotations of the pod, and has no flags for it. Flags for
 * those are landfall's own; they carry the names of the agent's parameters and of the annotations.
 */
export const AMBIENT_OPTIONS: readonly MeshOption[] = [
  {
    ...SWITCH,
    setting: "dnsCapture",
    flag: "ambient-dns-capture",
    variable: "AMBIENT_DNS_CAPTURE",
    annotation: "ambient.istio.io/dns-capture",
    default: "false; Istio's chart sets true",
    help: "redirects DNS over UDP and TCP to ztunnel",
  },
  {
    ...SWITCH,
    setting: "ipv6",
    flag: "ambient-ipv6",
    variable: "AMBIENT_IPV6",
    default: "false; Istio's chart sets true",
    help: "makes the same rules for IPv6",
  },
  {
    ...SWITCH,
    setting: "bypassInboundCapture",
    flag: "bypass-inbound-capture",
    annotation: "ambient.istio.io/bypass-inbound-capture",
    default: "false",
    help: "does not capture inbound traffic, as an ingress gateway requires",
  },
  {
    ...COMMON,
    setting: "virtualInterfaces",
    flag: "reroute-virtual-interfaces",
    annotation: "istio.io/reroute-virtual-interfaces",
    value: "INTERFACES",
    repeats: "all",
    default: "none",
    help: "interfaces whose inbound TCP counts as the pod's outbound traffic",
  },
  {
    ...COMMON,
    setting: "probeAddress",
    flag: "host-probe-snat-ip",
    variable: "HOST_PROBE_SNAT_IP",
    value: "ADDRESS",
    default: "169.254.7.127",
    help: "the IPv4 address that kubelet's probes come from; traffic from it is not captured",
  },
  {
    ...COMMON,
    setting: "probeAddressV6",
    flag: "host-probe-snat-ipv6",
    variable: "HOST_PROBE_SNAT_IPV6",
    value: "ADDRESS",
    default: "fd16:9254:7127:1337:ffff:ffff:ffff:ffff",
    help: "the same for IPv6",
  },
  {
    ...SWITCH,
    setting: "nativeNftables",
    flag: "native-nftables",
    variable: "NATIVE_NFTABLES",
    default: "false",
    help: "makes native nftables rules, which landfall does not generate for ambient mode",
    effect: { instead: 'Load the nftables rules in a pod and pass them to "landfall verify --rules FILE".' },
  },
  ...TOOL_OPTIONS,
];
