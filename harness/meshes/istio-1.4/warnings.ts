import { familyOf } from "../../model/address.ts";
import { isIpv6Pod } from "../../model/capture.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import type { FindingCode } from "../../model/finding-codes.ts";
import { warnOfSharedPorts } from "../shared-ports.ts";
import type { CaptureConfig } from "./config.ts";
import type { Origin } from "./given.ts";
import { findOutboundVoid } from "./lists.ts";
import { flagOf, type SettingName } from "./options.ts";
import { STATUS_PORT } from "./pod.ts";

type Origins = Readonly<Record<SettingName, Origin>>;

/** Gives a warning (`no-effect`) for each setting that is allowed but that another setting, or the pod's family, makes void. */
export function warnOfSettings(config: CaptureConfig, origins: Origins): readonly Finding[] {
  const warnings: Finding[] = [];
  const warn = (setting: SettingName, message: string) => warnings.push(place(setting, origins[setting], message));
  if (config.inboundPortsExclude.length > 0 && config.inboundPortsInclude !== "*") {
    warn(
      "inboundPortsExclude",
      "Excluded inbound ports have an effect only if every port is included (-b '*'); here they have none.",
    );
  }
  if (config.interceptionMode === "TPROXY" && config.inboundPortsInclude.length === 0) {
    warn("interceptionMode", "TPROXY has no effect: no inbound port is included (-b).");
  }
  if (config.interceptionMode === "TPROXY" && isIpv6Pod(config)) {
    warn("interceptionMode", "This is an IPv6 pod, and IPv6 always uses REDIRECT: TPROXY applies to IPv4 only.");
  }
  if (config.loopbackCapture === "off" && isIpv6Pod(config)) {
    warn("loopbackCapture", "It applies to IPv4 only; connections to the pod's own IPv6 address are still captured.");
  }
  if (config.kubevirtInterfaces.includes("lo"))
    warn("kubevirtInterfaces", "What comes over lo does not meet the rules of nat in PREROUTING: lo has no effect.");
  const outboundVoid = findOutboundVoid(config);
  if (outboundVoid === "excluded")
    warn("outboundIpRangesInclude", "It has no effect: -x or -o excludes every destination that it includes.");
  if (outboundVoid === "loopback")
    warn("outboundIpRangesInclude", "It has no effect: connections to the loopback address are never captured.");
  for (const setting of ["outboundIpRangesInclude", "outboundIpRangesExclude"] as const) {
    const idle = rangesWithoutEffect(config[setting], config);
    if (idle.length > 0)
      warn(setting, `IPv6 is captured only in a pod that has only IPv6: ${idle.join(", ")} has no effect.`);
  }
  return [...warnings, ...warnOfPorts(config, origins)];
}

/** The outbound and the inbound port may be one, as they are by the default of earlier versions; the sidecar's status port is neither. */
function warnOfPorts(config: CaptureConfig, origins: Origins): readonly Finding[] {
  const status = { what: "the sidecar's own status server", port: STATUS_PORT, where: null };
  return (["proxyPort", "inboundCapturePort"] as const).flatMap((setting) =>
    warnOfSharedPorts([{ what: "the proxy's listener", port: config[setting], where: setting }, status]).map(
      ({ message }) => place(setting, origins[setting], message, "capture-gap"),
    ),
  );
}

/** Warns if a value that looks like "no" switches loopback capture off nevertheless. */
export function warnOfLoopbackValue(text: string, origin: Origin): readonly Finding[] {
  if (!/^(?:false|no|off|0)$/i.test(text)) return [];
  return [
    place(
      "loopbackCapture",
      origin,
      `Any value turns loopback capture off, even "${text}"; unset it to capture loopback.`,
    ),
  ];
}

function rangesWithoutEffect(ranges: "*" | readonly string[], config: CaptureConfig): readonly string[] {
  return ranges === "*" || isIpv6Pod(config) ? [] : ranges.filter((range) => familyOf(range) === 6);
}

function place(setting: SettingName, origin: Origin, message: string, code: FindingCode = "no-effect"): Finding {
  if (origin.kind === "flag") return codedFinding(code, origin.flag, message);
  if (origin.kind === "file") return codedFinding(code, origin.path, message, origin.line);
  return codedFinding(code, origin.kind === "variable" ? origin.variable : `-${flagOf(setting).letter}`, message);
}
