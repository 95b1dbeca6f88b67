import type { MeshOption } from "../mesh.ts";

/** A setting of linkerd2-proxy-init that changes rules. */
export type LinkerdSetting =
  | "incomingProxyPort"
  | "outgoingProxyPort"
  | "proxyUid"
  | "proxyGid"
  | "portsToRedirect"
  | "inboundPortsToIgnore"
  | "outboundPortsToIgnore"
  | "subnetsToIgnore"
  | "ipv6";

const COMMON = { letter: null, variable: null, annotation: null, repeats: "last", effect: "rules" } as const;
const TOOL = { ...COMMON, effect: "tool" } as const;
const LIST = { ...COMMON, repeats: "all" } as const;

/** Every option of `linkerd2-proxy-init` at 183e791d99dc (proxy-init/cmd/root.go), in the order of its help. */
export const LINKERD_OPTIONS: readonly MeshOption[] = [
  {
    ...COMMON,
    setting: "incomingProxyPort",
    flag: "incoming-proxy-port",
    letter: "p",
    annotation: "config.linkerd.io/inbound-port",
    value: "PORT",
    default: "none; required",
    help: "the port that inbound TCP traffic is redirected to",
  },
  {
    ...COMMON,
    setting: "outgoingProxyPort",
    flag: "outgoing-proxy-port",
    letter: "o",
    annotation: "config.linkerd.io/outbound-port",
    value: "PORT",
    default: "none; required",
    help: "the port that outbound TCP traffic is redirected to",
  },
  {
    ...COMMON,
    setting: "proxyUid",
    flag: "proxy-uid",
    letter: "u",
    annotation: "config.linkerd.io/proxy-uid",
    value: "UID",
    default: "-1: no uid",
    help: "the uid whose traffic is not captured",
  },
  {
    ...COMMON,
    setting: "proxyGid",
    flag: "proxy-gid",
    letter: "g",
    annotation: "config.linkerd.io/proxy-gid",
    value: "GID",
    default: "-1: no gid",
    help: "the gid whose traffic is not captured",
  },
  {
    ...LIST,
    setting: "portsToRedirect",
    flag: "ports-to-redirect",
    letter: "r",
    value: "PORTS",
    default: "all",
    help: "inbound ports to redirect; others are not captured",
  },
  {
    ...LIST,
    setting: "inboundPortsToIgnore",
    flag: "inbound-ports-to-ignore",
    annotation: "config.linkerd.io/skip-inbound-ports",
    value: "PORTS",
    default: "none",
    help: "inbound ports and ranges (8000-8100) not to capture",
  },
  {
    ...LIST,
    setting: "outboundPortsToIgnore",
    flag: "outbound-ports-to-ignore",
    annotation: "config.linkerd.io/skip-outbound-ports",
    value: "PORTS",
    default: "none",
    help: "outbound ports and ranges (8000-8100) not to capture",
  },
  {
    ...LIST,
    setting: "subnetsToIgnore",
    flag: "subnets-to-ignore",
    annotation: "config.linkerd.io/skip-subnets",
    value: "NETWORKS",
    default: "none",
    help: "networks whose inbound traffic is not captured",
  },
  {
    ...COMMON,
    setting: "ipv6",
    flag: "ipv6",
    value: null,
    words: ["true", "false"],
    default: "true",
    help: "makes the same rules for IPv6; --ipv6=false makes none",
  },
  {
    ...COMMON,
    setting: "simulate",
    flag: "simulate",
    value: null,
    default: "false",
    help: "applies nothing",
    effect: "tool",
  },
  {
    ...TOOL,
    setting: "netns",
    flag: "netns",
    value: "PATH",
    default: "its own",
    help: "the network namespace to work in; run landfall in it instead",
  },
  {
    ...TOOL,
    setting: "useWaitFlag",
    flag: "use-wait-flag",
    letter: "w",
    value: null,
    default: "false",
    help: "waits for iptables' lock; landfall always does",
  },
  {
    ...TOOL,
    setting: "timeoutCloseWaitSecs",
    flag: "timeout-close-wait-secs",
    value: "SECONDS",
    default: "0",
    help: "sets a connection-tracking timeout, which affects no landing",
  },
  {
    ...TOOL,
    setting: "logFormat",
    flag: "log-format",
    value: "FORMAT",
    words: ["plain", "json"],
    default: "plain",
    help: "the format of the tool's log",
  },
  {
    ...TOOL,
    setting: "logLevel",
    flag: "log-level",
    value: "LEVEL",
    words: ["panic", "fatal", "error", "warn", "warning", "info", "debug", "trace"],
    default: "info",
    help: "the level of the tool's log",
  },
  {
    ...TOOL,
    setting: "iptablesMode",
    flag: "iptables-mode",
    value: "MODE",
    words: ["legacy", "nft", "plain"],
    default: "legacy",
    help: "the variant of iptables that apply uses",
  },
  {
    ...TOOL,
    setting: "firewallBinPath",
    flag: "firewall-bin-path",
    value: "NAME",
    words: ["iptables-legacy", "iptables-nft", "iptables"],
    default: "iptables-legacy",
    help: "the older way to name the variant",
  },
  {
    ...TOOL,
    setting: "firewallSaveBinPath",
    flag: "firewall-save-bin-path",
    value: "NAME",
    words: ["iptables-legacy-save", "iptables-nft-save", "iptables-save"],
    default: "iptables-legacy-save",
    help: "the older way to name the variant's save program",
  },
];
