import { familyOf } from "../../model/address.ts";
import { isIpv6Pod } from "../../model/capture.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import type { CaptureConfig } from "./config.ts";
import type { Origin } from "./given.ts";
import { flagOf, type SettingName } from "./options.ts";

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
  for (const setting of ["outboundIpRangesInclude", "outboundIpRangesExclude"] as const) {
    const idle = rangesWithoutEffect(config[setting], config);
    if (idle.length > 0)
      warn(setting, `IPv6 is captured only in a pod that has only IPv6: ${idle.join(", ")} has no effect.`);
  }
  return warnings;
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

function place(setting: SettingName, origin: Origin, message: string): Finding {
  if (origin.kind === "flag") return codedFinding("no-effect", origin.flag, message);
  if (origin.kind === "file") return codedFinding("no-effect", origin.path, message, origin.line);
  return codedFinding(
    "no-effect",
    origin.kind === "variable" ? origin.variable : `-${flagOf(setting).letter}`,
    message,
  );
}
