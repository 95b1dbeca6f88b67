import type { Family } from "../../model/address.ts";
import type { Match, Range } from "../../model/match.ts";
import { familyKey, type Rule } from "../../model/ruleset.ts";
import {
  copyMark,
  isAddress,
  isInterface,
  isMark,
  isOwner,
  isPort,
  isProtocol,
  isState,
  makeCountingRule,
  setMark,
} from "../nft-rules.ts";
import { jumpTo, RETURN } from "../rules.ts";
import { NATIVE_CHAINS } from "./native-chains.ts";
import { loopbackOf, PASS_THROUGH_SOURCE } from "./outbound-rules.ts";
import type { IstioSettings } from "./settings.ts";
import { OUTBOUND_MARK } from "./tproxy-rules.ts";

const TCP = isProtocol("tcp");

/** What TPROXY puts into the table for marks. */
interface NativeTproxy {
  readonly prerouting: readonly Rule[];
  readonly output: readonly Rule[];
  readonly chains: readonly (readonly [name: string, rules: readonly Rule[]])[];
}

/** Gives the rules of TPROXY, those that name an address once for each family; none with REDIRECT. */
export function nativeTproxyRules(settings: IstioSettings, families: readonly Family[]): NativeTproxy {
  const { interceptionMode, tproxyMark, inboundPortsInclude } = settings;
  if (interceptionMode === "REDIRECT") return { prerouting: [], output: [], chains: [] };
  const isCaptured = inboundPortsInclude === "*" || inboundPortsInclude.length > 0;
  return {
    prerouting: [
      ...(isCaptured ? [makeCountingRule([TCP], jumpTo(NATIVE_CHAINS.inbound))] : []),
      makeCountingRule([TCP, isMark("meta mark", tproxyMark)], copyMark("packet")),
    ],
    output: outputRules(settings, families),
    chains: [
      ...(isCaptured ? captureChains(settings, families) : []),
      [NATIVE_CHAINS.inbound, inboundRules(settings, families)],
    ],
  };
}

function outputRules(settings: IstioSettings, families: readonly Family[]): readonly Rule[] {
  const { tproxyMark, proxyUid, proxyGid } = settings;
  const onLoopback = isInterface("meta oifname", "lo");
  const owners = [...proxyUid.map((ids) => isOwner("uid", ids)), ...proxyGid.map((ids) => isOwner("gid", ids))];
  return [
    makeCountingRule([onLoopback, TCP, isMark("meta mark", tproxyMark)], RETURN),
    ...owners.flatMap((owner) =>
      families.map((family) =>
        makeCountingRule(
          [onLoopback, TCP, isAddress("daddr", loopbackOf(settings, family), "!="), owner],
          setMark(OUTBOUND_MARK),
        ),
      ),
    ),
    makeCountingRule([TCP, isMark("ct mark", tproxyMark)], copyMark("connection")),
  ];
}

/** The rules for the pass-through stand where the tool inserts them: IPv6's before the one for marks, IPv4's behind it in a dual pod. */
function inboundRules(settings: IstioSettings, families: readonly Family[]): readonly Rule[] {
  const { tproxyMark, inboundPortsInclude, inboundPortsExclude } = settings;
  const lo = isInterface("meta iifname", "lo");
  const established = isState("established", "related");
  const to = (ports: Range) => isPort("tcp dport", ports);
  const capture = (first: readonly Match[], second: readonly Match[]) => [
    makeCountingRule(first, jumpTo(NATIVE_CHAINS.divert)),
    makeCountingRule(second, jumpTo(NATIVE_CHAINS.tproxy)),
  ];
  const passThrough = (family: Family) =>
    makeCountingRule([lo, TCP, isAddress("saddr", PASS_THROUGH_SOURCE[family])], RETURN);
  const notProxy = makeCountingRule([lo, TCP, isMark("meta mark", OUTBOUND_MARK, "!=")], RETURN);
  return [
    makeCountingRule([TCP, isMark("meta mark", tproxyMark)], RETURN),
    ...(families.includes(6) ? [passThrough(6), notProxy, passThrough(4)] : [passThrough(4), notProxy]),
    ...(inboundPortsInclude === "*"
      ? [
          ...inboundPortsExclude.map((ports) => makeCountingRule([to(ports)], RETURN)),
          ...capture([TCP, established], [TCP]),
        ]
      : inboundPortsInclude.flatMap((ports) => capture([established, to(ports)], [to(ports)]))),
  ];
}

function captureChains(settings: IstioSettings, families: readonly Family[]): NativeTproxy["chains"] {
  const { tproxyMark, inboundCapturePort } = settings;
  const tproxy = families.map((family): Rule => {
    const takes = {
      kind: "tproxy-socket",
      port: inboundCapturePort,
      address: null,
      family: familyKey(family),
    } as const;
    return {
      matches: [TCP, isAddress("daddr", loopbackOf(settings, family), "!=")],
      target: {
        kind: "statements",
        statements: [
          { target: takes },
          { target: setMark(tproxyMark) },
          { target: { kind: "counter", name: null } },
          { target: { kind: "accept" } },
        ],
      },
    };
  });
  const divert = [makeCountingRule([], setMark(tproxyMark)), makeCountingRule([], { kind: "accept" })];
  return [
    [NATIVE_CHAINS.divert, divert],
    [NATIVE_CHAINS.tproxy, tproxy],
  ];
}
