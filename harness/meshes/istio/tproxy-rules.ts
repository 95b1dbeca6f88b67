import { type Family, unspecifiedAddress } from "../../model/address.ts";
import type { Match, Range } from "../../model/match.ts";
import type { Rule } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { jumpTo, makeRule, matchAddress, matchInterface, RETURN, TCP } from "../rules.ts";
import { CHAINS, ownedBy, toPort } from "./matches.ts";
import { fromPassThrough, loopbackOf } from "./outbound-rules.ts";
import type { IstioSettings } from "./settings.ts";

const ALL_BITS = 0xffffffff;
/** The mark of what the proxy itself sends to the pod's own address (constants.OutboundMark). */
export const OUTBOUND_MARK = 1338;

/** The rules of TPROXY in the table mangle, chain by chain; none with REDIRECT. */
export function tproxyRules(settings: IstioSettings, family: Family): Readonly<Record<string, readonly Rule[]>> {
  const { interceptionMode, tproxyMark, inboundPortsInclude } = settings;
  if (interceptionMode === "REDIRECT") return {};
  const isCaptured = inboundPortsInclude === "*" || inboundPortsInclude.length > 0;
  const save: Target = { kind: "connmark-save", nfmask: ALL_BITS, ctmask: ALL_BITS };
  return {
    PREROUTING: [
      ...(isCaptured ? [makeRule(jumpTo(CHAINS.inbound), TCP)] : []),
      makeRule(save, TCP, marked("mark", tproxyMark)),
    ],
    OUTPUT: outputRules(settings, family),
    [CHAINS.inbound]: inboundRules(settings, family),
    ...(isCaptured ? captureRules(settings, family) : {}),
  };
}

/** What the proxy sends to the pod's own address is marked, but not what it sends on in the name of a client. */
function outputRules(settings: IstioSettings, family: Family): readonly Rule[] {
  const { tproxyMark, proxyUid, proxyGid } = settings;
  const onLoopback = matchInterface("out-interface", "lo");
  const restore: Target = { kind: "connmark-restore", nfmask: ALL_BITS, ctmask: ALL_BITS };
  const owners = [...proxyUid.map((ids) => ownedBy("uid", ids)), ...proxyGid.map((ids) => ownedBy("gid", ids))];
  return [
    makeRule(RETURN, onLoopback, TCP, marked("mark", tproxyMark)),
    ...owners.map((owner) =>
      makeRule(
        setMark(OUTBOUND_MARK),
        ...matchAddress("destination", loopbackOf(settings, family), true),
        onLoopback,
        TCP,
        owner,
      ),
    ),
    makeRule(restore, TCP, marked("connmark", tproxyMark)),
  ];
}

/** The first three keep packets from going round: marked ones, those of the pass-through, and calls inside the pod but the proxy's. */
function inboundRules(settings: IstioSettings, family: Family): readonly Rule[] {
  const { tproxyMark, inboundPortsInclude, inboundPortsExclude } = settings;
  const established: Match = {
    kind: "state",
    module: "conntrack",
    negated: false,
    states: ["RELATED", "ESTABLISHED"],
  };
  const capture = (matches: readonly Match[]) => [
    makeRule(jumpTo(CHAINS.divert), ...matches, established),
    makeRule(jumpTo(CHAINS.tproxy), ...matches),
  ];
  const lo = matchInterface("in-interface", "lo");
  const to = (ports: Range) => toPort("tcp", ports);
  return [
    makeRule(RETURN, TCP, marked("mark", tproxyMark)),
    makeRule(RETURN, ...fromPassThrough(family), lo, TCP),
    makeRule(RETURN, lo, TCP, { ...marked("mark", OUTBOUND_MARK), negated: true }),
    ...(inboundPortsInclude === "*"
      ? [...inboundPortsExclude.map((ports) => makeRule(RETURN, ...to(ports))), ...capture([TCP])]
      : inboundPortsInclude.flatMap((ports) => capture(to(ports)))),
  ];
}

function captureRules(settings: IstioSettings, family: Family): Readonly<Record<string, readonly Rule[]>> {
  const { tproxyMark, inboundCapturePort } = settings;
  const tproxy: Target = {
    kind: "tproxy",
    port: inboundCapturePort,
    address: unspecifiedAddress(family),
    mark: { value: tproxyMark, mask: ALL_BITS },
  };
  return {
    [CHAINS.divert]: [makeRule(setMark(tproxyMark)), makeRule({ kind: "accept" })],
    [CHAINS.tproxy]: [makeRule(tproxy, ...matchAddress("destination", loopbackOf(settings, family), true), TCP)],
  };
}

function marked(kind: "mark" | "connmark", value: number) {
  return { kind, negated: false, value, mask: ALL_BITS } as const;
}

function setMark(value: number): Target {
  return { kind: "mark", value, mask: ALL_BITS };
}
