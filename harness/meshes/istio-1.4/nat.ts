import { type Family, familyOf } from "../../model/address.ts";
import { loopbackAddress } from "../../model/pod.ts";
import type { Rule, Table } from "../../model/ruleset.ts";
import {
  jumpTo,
  makeRule,
  makeTable,
  matchAddress,
  matchInterface,
  matchOwner,
  matchPort,
  RETURN,
  TCP,
} from "../rules.ts";
import type { CaptureConfig } from "./config.ts";

/** The address from which Envoy's inbound pass-through connects (the script's own words `-s 127.0.0.6/32` and `-s ::6/128`). */
const PASS_THROUGH = { 4: "127.0.0.6", 6: "::6" } as const;

/** Port of sshd, which the wildcard never captures, so that nobody is locked out of a machine. */
const SSH_PORT = "22";

/**
 * Gives the nat table of one family: `ISTIO_REDIRECT`, `ISTIO_IN_REDIRECT`, `ISTIO_OUTPUT`, and `ISTIO_INBOUND` where inbound
 * traffic is redirected. In IPv6 the generator knows neither TPROXY nor the variable that leaves loopback alone, and treats
 * kubevirt interfaces otherwise.
 */
export function makeNatTable(config: CaptureConfig, family: Family): Table {
  const hasInbound = capturesInbound(config) && (family === 6 || config.interceptionMode === "REDIRECT");
  const inboundPort = config.inboundPortsInclude === "*" ? config.inboundCapturePort : config.proxyPort;
  return makeTable("nat", family, {
    PREROUTING: [...kubevirtRules(config, family), ...(hasInbound ? [makeRule(jumpTo("ISTIO_INBOUND"), TCP)] : [])],
    OUTPUT: [makeRule(jumpTo("ISTIO_OUTPUT"), TCP)],
    ...(hasInbound ? { ISTIO_INBOUND: inboundRules(config) } : {}),
    ISTIO_IN_REDIRECT: [redirectRule(inboundPort)],
    ISTIO_OUTPUT: outputRules(config, family),
    ISTIO_REDIRECT: [redirectRule(config.proxyPort)],
  });
}

/** Says whether a config captures any inbound port. */
export function capturesInbound(config: CaptureConfig): boolean {
  return config.inboundPortsInclude.length > 0;
}

/** Gives the rules of `ISTIO_INBOUND` that leave ports alone: only the wildcard has any. */
export function inboundExclusions(config: CaptureConfig): readonly Rule[] {
  return [SSH_PORT, ...config.inboundPortsExclude].map((port) => makeRule(RETURN, ...matchPort(port)));
}

function redirectRule(port: number): Rule {
  return makeRule({ kind: "redirect", ports: { first: port, last: port }, random: false }, TCP);
}

function inboundRules(config: CaptureConfig): readonly Rule[] {
  const capture = jumpTo("ISTIO_IN_REDIRECT");
  if (config.inboundPortsInclude === "*") return [...inboundExclusions(config), makeRule(capture, TCP)];
  return config.inboundPortsInclude.map((port) => makeRule(capture, ...matchPort(port)));
}

function outputRules(config: CaptureConfig, family: Family): readonly Rule[] {
  const outLo = matchInterface("out-interface", "lo");
  const loopback = loopbackAddress(family);
  const capturesSelfCalls = family === 6 || config.loopbackCapture === "on";
  return [
    ...config.outboundPortsExclude.map((port) => makeRule(RETURN, ...matchPort(port))),
    makeRule(RETURN, ...matchAddress("source", PASS_THROUGH[family]), outLo),
    ...(capturesSelfCalls
      ? [makeRule(jumpTo("ISTIO_IN_REDIRECT"), ...matchAddress("destination", loopback, true), outLo)]
      : []),
    ...config.proxyUid.map((uid) => makeRule(RETURN, matchOwner("uid", uid))),
    ...config.proxyGid.map((gid) => makeRule(RETURN, matchOwner("gid", gid))),
    makeRule(RETURN, ...matchAddress("destination", loopback)),
    ...ofFamily(config.outboundIpRangesExclude, family).map((range) =>
      makeRule(RETURN, ...matchAddress("destination", range)),
    ),
    ...outboundInclusions(config, family),
  ];
}

function outboundInclusions(config: CaptureConfig, family: Family): readonly Rule[] {
  const capture = jumpTo("ISTIO_REDIRECT");
  if (config.outboundIpRangesInclude === "*") return [makeRule(capture)];
  const ranges = ofFamily(config.outboundIpRangesInclude, family);
  if (ranges.length === 0) return [];
  return [...ranges.map((range) => makeRule(capture, ...matchAddress("destination", range))), makeRule(RETURN)];
}

/**
 * What comes in from virtual machines. The original inserts each rule at the top of PREROUTING, so the last interface and the last range
 * stand first; IPv4 has a RETURN below for what is not captured, IPv6 has it only, and instead, with the wildcard.
 */
function kubevirtRules(config: CaptureConfig, family: Family): readonly Rule[] {
  const interfaces = config.kubevirtInterfaces.map((name) => matchInterface("in-interface", name)).toReversed();
  const pass = interfaces.map((match) => makeRule(RETURN, match));
  const capture = jumpTo("ISTIO_REDIRECT");
  if (config.outboundIpRangesInclude === "*") {
    return family === 6 ? pass : [...interfaces.map((match) => makeRule(capture, match)), ...pass];
  }
  const ranges = ofFamily(config.outboundIpRangesInclude, family).toReversed();
  const captured = ranges.flatMap((range) =>
    interfaces.map((match) => makeRule(capture, ...matchAddress("destination", range), match)),
  );
  return family === 6 ? captured : [...captured, ...pass];
}

/** The original tells the families apart by the text of each range and leaves the other family's alone. */
function ofFamily(ranges: readonly string[], family: Family): readonly string[] {
  return ranges.filter((range) => familyOf(range) === family);
}
