import type { MeshOption } from "../mesh.ts";

const FIELD = { flag: null, letter: null, variable: null, annotation: null, repeats: "last", effect: "rules" } as const;

/**
 * The fields of the Config struct of Consul's SDK (sdk/iptables/iptables.go v0.18.2, sdk/nftables v0.19.0), which has no command line of
 * its own: they are given as JSON or YAML with `--mesh-config`.
 */
export const CONSUL_OPTIONS: readonly MeshOption[] = [
  {
    ...FIELD,
    setting: "ProxyUserID",
    value: "UID",
    default: "none; required",
    help: "the uid whose traffic is not captured",
  },
  {
    ...FIELD,
    setting: "ProxyInboundPort",
    annotation: "consul.hashicorp.com/envoy-inbound-port",
    value: "PORT",
    default: "none; required",
    help: "the port that inbound TCP traffic is redirected to",
  },
  {
    ...FIELD,
    setting: "ProxyOutboundPort",
    value: "PORT",
    default: "15001",
    help: "the port that outbound TCP traffic is redirected to",
  },
  {
    ...FIELD,
    setting: "ExcludeInboundPorts",
    annotation: "consul.hashicorp.com/transparent-proxy-exclude-inbound-ports",
    value: "PORTS",
    repeats: "all",
    default: "none",
    help: "inbound ports and ranges (8000:8100) not to capture",
  },
  {
    ...FIELD,
    setting: "ExcludeOutboundPorts",
    annotation: "consul.hashicorp.com/transparent-proxy-exclude-outbound-ports",
    value: "PORTS",
    repeats: "all",
    default: "none",
    help: "outbound ports and ranges not to capture",
  },
  {
    ...FIELD,
    setting: "ExcludeOutboundCIDRs",
    annotation: "consul.hashicorp.com/transparent-proxy-exclude-outbound-cidrs",
    value: "NETWORKS",
    repeats: "all",
    default: "none",
    help: "destinations not to capture",
  },
  {
    ...FIELD,
    setting: "ExcludeUIDs",
    annotation: "consul.hashicorp.com/transparent-proxy-exclude-uids",
    value: "UIDS",
    repeats: "all",
    default: "none",
    help: "further uids whose traffic is not captured; ranges (2000-2002) with iptables only",
  },
  { ...FIELD, setting: "ConsulDNSIP", value: "ADDRESS", default: "none", help: "the address of Consul's DNS server" },
  { ...FIELD, setting: "ConsulDNSPort", value: "PORT", default: "none", help: "the port of Consul's DNS server" },
  { ...FIELD, setting: "DualStack", value: null, default: "false", help: "makes rules for IPv6 as well" },
  {
    ...FIELD,
    setting: "NetNS",
    value: "PATH",
    default: "its own",
    help: "the network namespace to work in; run landfall in it instead",
    effect: "tool",
  },
  {
    ...FIELD,
    setting: "nativeNftables",
    flag: "native-nftables",
    value: null,
    default: "false",
    help: "makes native nftables rules, as the SDK does from v0.19.0 on",
    choosesKind: true,
  },
];
