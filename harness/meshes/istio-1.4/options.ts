import type { NamedOption } from "../word-tokens.ts";
import type { CaptureConfig } from "./config.ts";
import {
  DEFAULT_INBOUND_CAPTURE_PORT,
  DEFAULT_PROXY_ID,
  DEFAULT_PROXY_PORT,
  DEFAULT_TPROXY_MARK,
  DEFAULT_TPROXY_ROUTE_TABLE,
} from "./defaults.ts";

/** A setting that a flag or a variable can give: every field of a capture config but the dialect's name and the pod's addresses. */
export type SettingName = Exclude<keyof CaptureConfig, "dialect" | "podIps">;

/** One of the generator's settings, and how a user gives it. */
export interface CaptureFlag {
  readonly setting: SettingName;
  /** The letter that Istio 1.4 knows; null where it has a variable only. */
  readonly letter: string | null;
  /** The long name that later releases have for it, without dashes. */
  readonly name: string;
  /** The name of its value in help texts. */
  readonly value: string;
  /** Values that are written as a word of their own, for a shell to offer: all there are, or what stands for everything. */
  readonly words?: readonly string[];
  /** The variable of sidecar.env, cluster.env and the process; null where the original has none. */
  readonly variable: string | null;
  /** The default in words. */
  readonly default: string;
  /** One line for the usage. */
  readonly help: string;
}

/** Every setting, in the order of the original's usage. Names of later releases: Istio 1.5, tools/istio-iptables/pkg/constants. */
export const CAPTURE_FLAGS: readonly CaptureFlag[] = [
  {
    setting: "proxyPort",
    letter: "p",
    name: "envoy-port",
    value: "PORT",
    variable: "ENVOY_PORT",
    default: `${DEFAULT_PROXY_PORT}`,
    help: "the port that outbound traffic is redirected to",
  },
  {
    setting: "inboundCapturePort",
    letter: "z",
    name: "inbound-capture-port",
    value: "PORT",
    variable: "INBOUND_CAPTURE_PORT",
    default: `${DEFAULT_INBOUND_CAPTURE_PORT}`,
    help: "the port that inbound traffic is redirected to if all ports are included (-b '*')",
  },
  {
    setting: "proxyUid",
    letter: "u",
    name: "proxy-uid",
    value: "UIDS",
    variable: "ENVOY_USER",
    default: `uid of the user ENVOY_USER or istio-proxy, else ${DEFAULT_PROXY_ID}; and 0`,
    help: "users whose traffic is not captured: uids, ranges (1000-2000) or names",
  },
  {
    setting: "proxyGid",
    letter: "g",
    name: "proxy-gid",
    value: "GIDS",
    variable: null,
    default: "a copy of -u",
    help: "the same for groups",
  },
  {
    setting: "interceptionMode",
    letter: "m",
    name: "istio-inbound-interception-mode",
    value: "MODE",
    words: ["REDIRECT", "TPROXY"],
    variable: "ISTIO_INBOUND_INTERCEPTION_MODE",
    default: "REDIRECT",
    help: "how inbound traffic is captured: REDIRECT or TPROXY",
  },
  {
    setting: "inboundPortsInclude",
    letter: "b",
    name: "istio-inbound-ports",
    value: "PORTS",
    words: ["*"],
    variable: "ISTIO_INBOUND_PORTS",
    default: "none",
    help: "inbound ports to capture: '*', or ports, ranges (8000:8100) and service names",
  },
  {
    setting: "inboundPortsExclude",
    letter: "d",
    name: "istio-local-exclude-ports",
    value: "PORTS",
    variable: "ISTIO_LOCAL_EXCLUDE_PORTS",
    default: "none",
    help: "inbound ports not to capture; only with -b '*'",
  },
  {
    setting: "outboundIpRangesInclude",
    letter: "i",
    name: "istio-service-cidr",
    value: "RANGES",
    words: ["*"],
    variable: "ISTIO_SERVICE_CIDR",
    default: "none",
    help: "outbound destinations to capture: '*', or addresses and networks",
  },
  {
    setting: "outboundIpRangesExclude",
    letter: "x",
    name: "istio-service-exclude-cidr",
    value: "RANGES",
    variable: "ISTIO_SERVICE_EXCLUDE_CIDR",
    default: "none",
    help: "outbound destinations not to capture",
  },
  {
    setting: "outboundPortsExclude",
    letter: "o",
    name: "istio-local-outbound-ports-exclude",
    value: "PORTS",
    variable: "ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE",
    default: "none",
    help: "outbound ports not to capture",
  },
  {
    setting: "kubevirtInterfaces",
    letter: "k",
    name: "kube-virt-interfaces",
    value: "INTERFACES",
    variable: null,
    default: "none",
    help: "interfaces of virtual machines, whose inbound traffic is treated as outbound",
  },
  {
    setting: "tproxyMark",
    letter: null,
    name: "istio-inbound-tproxy-mark",
    value: "MARK",
    variable: "ISTIO_INBOUND_TPROXY_MARK",
    default: `${DEFAULT_TPROXY_MARK}`,
    help: "mark of TPROXY packets",
  },
  {
    setting: "tproxyRouteTable",
    letter: null,
    name: "istio-inbound-tproxy-route-table",
    value: "TABLE",
    variable: "ISTIO_INBOUND_TPROXY_ROUTE_TABLE",
    default: `${DEFAULT_TPROXY_ROUTE_TABLE}`,
    help: "routing table of marked packets",
  },
  {
    setting: "loopbackCapture",
    letter: null,
    name: "disable-redirection-on-local-loopback",
    value: "ANY",
    variable: "DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK",
    default: "captured",
    help: 'any value, even "false", stops capturing connections to the pod\'s own address',
  },
];

/** The generator's flags that take a value. */
export const CAPTURE_OPTIONS: readonly NamedOption[] = CAPTURE_FLAGS.map(({ name, letter, value }) =>
  letter === null ? { name, value } : { name, short: letter, value },
);

/** The generator's switches: `-t` validates and does nothing, `-h` shows the usage. */
export const CAPTURE_SWITCHES: readonly NamedOption[] = [
  { name: "dry-run", short: "t", value: null },
  { name: "help", short: "h", value: null },
];

/** Gives the flag of a setting: its names, its variable, its help. Throws a RangeError for a setting that has none. */
export function flagOf(setting: SettingName): CaptureFlag {
  const found = CAPTURE_FLAGS.find((known) => known.setting === setting);
  if (!found) throw new RangeError(`There is no flag for "${setting}".`);
  return found;
}
