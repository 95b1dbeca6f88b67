import type { CaptureConfig } from "../model/capture-config.ts";

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
  /** The variable of sidecar.env, cluster.env and the process; null where the original has none. */
  readonly variable: string | null;
  /** The default in words. */
  readonly default: string;
  /** One line for the usage. */
  readonly help: string;
}

/** Every setting, in the order of the original's usage. Names of later releases: Istio 1.5, tools/istio-iptables/pkg/constants. */
export const CAPTURE_FLAGS: readonly CaptureFlag[] = [
  flag("proxyPort", "p", "envoy-port", "PORT", "ENVOY_PORT", "15001", "where outbound traffic is redirected to"),
  flag(
    "inboundCapturePort",
    "z",
    "inbound-capture-port",
    "PORT",
    "INBOUND_CAPTURE_PORT",
    "15006",
    "where inbound traffic is redirected to if every port is included (-b '*')",
  ),
  flag(
    "proxyUid",
    "u",
    "proxy-uid",
    "UIDS",
    "ENVOY_USER",
    "uid of the user ENVOY_USER or istio-proxy, else 1337; and 0",
    "owners whose traffic is left alone: uids, ranges 1000-2000, names",
  ),
  flag("proxyGid", "g", "proxy-gid", "GIDS", null, "a copy of -u", "the same for groups"),
  flag(
    "interceptionMode",
    "m",
    "istio-inbound-interception-mode",
    "MODE",
    "ISTIO_INBOUND_INTERCEPTION_MODE",
    "REDIRECT",
    "how inbound traffic is captured: REDIRECT or TPROXY",
  ),
  flag(
    "inboundPortsInclude",
    "b",
    "istio-inbound-ports",
    "PORTS",
    "ISTIO_INBOUND_PORTS",
    "none",
    "inbound ports to capture: '*', or ports, ranges 8000:8100, service names",
  ),
  flag(
    "inboundPortsExclude",
    "d",
    "istio-local-exclude-ports",
    "PORTS",
    "ISTIO_LOCAL_EXCLUDE_PORTS",
    "none",
    "inbound ports to leave alone; only with -b '*'",
  ),
  flag(
    "outboundIpRangesInclude",
    "i",
    "istio-service-cidr",
    "RANGES",
    "ISTIO_SERVICE_CIDR",
    "none",
    "outbound destinations to capture: '*', or addresses and networks",
  ),
  flag(
    "outboundIpRangesExclude",
    "x",
    "istio-service-exclude-cidr",
    "RANGES",
    "ISTIO_SERVICE_EXCLUDE_CIDR",
    "none",
    "outbound destinations to leave alone",
  ),
  flag(
    "outboundPortsExclude",
    "o",
    "istio-local-outbound-ports-exclude",
    "PORTS",
    "ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE",
    "none",
    "outbound ports to leave alone",
  ),
  flag(
    "kubevirtInterfaces",
    "k",
    "kube-virt-interfaces",
    "INTERFACES",
    null,
    "none",
    "interfaces whose inbound traffic, of virtual machines, is treated as outbound",
  ),
  flag(
    "tproxyMark",
    null,
    "istio-inbound-tproxy-mark",
    "MARK",
    "ISTIO_INBOUND_TPROXY_MARK",
    "1337",
    "mark of TPROXY packets",
  ),
  flag(
    "tproxyRouteTable",
    null,
    "istio-inbound-tproxy-route-table",
    "TABLE",
    "ISTIO_INBOUND_TPROXY_ROUTE_TABLE",
    "133",
    "routing table of marked packets",
  ),
  flag(
    "loopbackCapture",
    null,
    "disable-redirection-on-local-loopback",
    "ANY",
    "DISABLE_REDIRECTION_ON_LOCAL_LOOPBACK",
    "captured",
    'any value, even "false": calls to the pod\'s own address are not captured',
  ),
];

/** An option as the command line describes its own, so that every command can take the generator's flags beside them. */
export interface CaptureOption {
  readonly name: string;
  readonly short?: string;
  readonly value: string | null;
}

/** The generator's flags that take a value. */
export const CAPTURE_OPTIONS: readonly CaptureOption[] = CAPTURE_FLAGS.map(({ name, letter, value }) =>
  letter === null ? { name, value } : { name, short: letter, value },
);

/** The generator's switches: `-t` validates and does nothing, `-h` shows the usage. */
export const CAPTURE_SWITCHES: readonly CaptureOption[] = [
  { name: "dry-run", short: "t", value: null },
  { name: "help", short: "h", value: null },
];

/** Gives the flag of a setting. */
export function flagOf(setting: SettingName): CaptureFlag {
  const found = CAPTURE_FLAGS.find((known) => known.setting === setting);
  if (!found) throw new RangeError(`There is no flag for "${setting}".`);
  return found;
}

function flag(
  setting: SettingName,
  letter: string | null,
  name: string,
  value: string,
  variable: string | null,
  byDefault: string,
  help: string,
): CaptureFlag {
  return { setting, letter, name, value, variable, default: byDefault, help };
}
