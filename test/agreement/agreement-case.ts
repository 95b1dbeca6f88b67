import fc from "fast-check";
import type { Family } from "../../harness/model/address.ts";
import type { Flow, FlowProtocol } from "../../harness/model/flow.ts";
import { resolveFlow } from "../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../harness/model/flow-text.ts";
import type { Match } from "../../harness/model/match.ts";
import { DEFAULT_ADDRESSES, type PodSpec, type UdpPorts } from "../../harness/model/pod.ts";
import {
  deliverMarked,
  NO_POLICY_ROUTING,
  PASS_THROUGH_ON_LO,
  type PolicyRouting,
  WHOLE_MARK,
} from "../../harness/model/policy-routing.ts";
import type { PodRules, Rule, Ruleset, Table } from "../../harness/model/ruleset.ts";
import type { Target } from "../../harness/model/target.ts";
import type { FlowRequest } from "../../harness/sandbox/sandbox.ts";
import { SHAPE, shapeOf, takingDatagrams } from "../istio-pod.ts";
import { arbitraryRuleset } from "../property/arbitrary-ruleset.ts";
import { TEE_OF_DATAGRAMS } from "../property/arbitrary-target.ts";
import { findUnloadable } from "../property/loadable.ts";
import { arbitraryNftRuleset } from "./nft-rulesets.ts";

/** Rules, the pod they are put into, and flows to compare simulator and kernel by. */
export interface AgreementCase {
  readonly spec: PodSpec;
  readonly rules: PodRules;
  readonly requests: readonly FlowRequest[];
}

const UNLOADABLE = findUnloadable();

/** Every IPv4 address is somebody's: the kernel tells of unknown ones five times, then once a second (`ip_error` in net/ipv4/route.c). */
const UPSTREAM_ADDRESSES = [
  ...["10.96.0.1", "192.0.2.7", "203.0.113.255"],
  ...["2001:db8::1", "fd00:96::1", "64:ff9b::102:304"],
];
const PORTS = [22, 80, 81, 443, 8080, 9090, 15001, 15006, 15020];

/** What flows are made of, by family: who dials (with the source where it is not the route's), and what is dialled. */
const ACTORS: Readonly<Record<Family, readonly string[]>> = {
  4: ["app", "envoy", "envoy@127.0.0.6", "root", "client", "upstream", "vm"],
  6: ["app6", "envoy6", "root6", "client6", "upstream6", "vm6"],
};
const OWNERS = ["uid=1337,gid=1000", "uid=1000,gid=1337", "uid=1336,gid=1338", "uid=999,gid=1001"];
/** Sockets with a mark, which rules of nft ask for. */
const MARKED = ["uid=1000,gid=1000,mark=16", "uid=1337,gid=1337,mark=1"];
const TARGETS: Readonly<Record<Family, readonly string[]>> = {
  4: ["pod", "pod", "upstream", "client", "localhost", "127.0.0.6", "10.96.0.1", "192.0.2.7"],
  6: ["pod6", "pod6", "upstream6", "client6", "localhost6", "[2001:db8::1]", "[fd00:96::1]", "[2001:db8::99]"],
};

/** Whose flows to draw. */
export type DrawnProtocol = FlowProtocol | "mixed";

/** Who takes datagrams: every second port at which somebody takes connections, so that some are refused; the stub on both its ports. */
const UDP_PORTS: UdpPorts = { app: [22, 8080], upstream: [22, 80, 15001], client: [80, 9090] };
const STUB_PORTS = [15001, 15006];

/** Gives cases of one family with this many flows each. One in eight has a virtual machine behind `vm0`. */
export function arbitraryAgreementCase(
  family: Family,
  flows: number,
  protocol: DrawnProtocol = "tcp",
  format: DrawnFormat = "iptables",
): fc.Arbitrary<AgreementCase> {
  const without = protocol === "tcp" ? UNLOADABLE : [...UNLOADABLE, TEE_OF_DATAGRAMS];
  const iptables = fc
    // Of the rules that are drawn fewer are about datagrams than about connections.
    .constantFrom(...(protocol === "tcp" ? [1, 2, 3] : [2, 3, 5]))
    .chain((rulesAtMost) =>
      arbitraryRuleset({ family, vocabulary: "simulated", rulesAtMost, without }).map(avoidClashes),
    )
    .map((ruleset) => (protocol === "tcp" ? ruleset : meantForUdp(ruleset)));
  const nft = fc.constantFrom(1, 2, 3, 4).chain((rulesAtMost) => arbitraryNftRuleset(family, rulesAtMost));
  const rulesets = { iptables, nft, mixed: mix(family, iptables, nft) }[format];
  return fc
    .record({
      ruleset: rulesets,
      interceptionMode: fc.constantFrom("REDIRECT" as const, "REDIRECT" as const, "TPROXY" as const),
      kubevirtInterfaces: fc.constantFrom([], [], [], [], [], [], [], ["vm0"]),
      policyRouting: arbitraryPolicyRouting(family),
      requests: fc.array(arbitraryRequest(family, protocol, format), { minLength: flows, maxLength: flows }),
    })
    .map(({ ruleset, policyRouting, requests, ...pod }) => ({
      spec: {
        shape: takingDatagrams(
          shapeOf({ ...pod, podIps: [DEFAULT_ADDRESSES.pod[family]] }),
          protocol === "tcp" ? [] : STUB_PORTS,
        ),
        listen: [22, 8080],
        upstreamPorts: [22, 80, 443, 8080, 15001],
        clientPorts: [80, 9090],
        upstreamAddresses: UPSTREAM_ADDRESSES,
        ...(protocol === "tcp" ? {} : { udp: UDP_PORTS }),
      },
      rules: { ip: family === 4 ? ruleset : null, ip6: family === 6 ? ruleset : null, policyRouting },
      requests: requests.filter(({ flow }) => canDial(flow, pod.kubevirtInterfaces)),
    }));
}

/** What rules to draw: of iptables alone, of nft alone, or of iptables-legacy, iptables-nft and nft in one namespace. */
export type DrawnFormat = "iptables" | "nft" | "mixed";

/** Legacy tables come first, nft's own last, as the sandbox loads them. */
function mix(family: Family, iptables: fc.Arbitrary<Ruleset>, nft: fc.Arbitrary<Ruleset>): fc.Arbitrary<Ruleset> {
  const from = (ruleset: Ruleset, source: Table["source"]) =>
    mapRules(ruleset, chooseNothing).tables.map((table) => ({ ...table, source }));
  return fc.tuple(iptables, iptables, nft).map(([legacy, newer, native]) => ({
    family,
    tables: [...from(legacy, "iptables-legacy"), ...from(newer, "iptables-nft"), ...native.tables],
  }));
}

/** Where the kernel chooses an address of several, nobody knows what the rules of the other tools then see. */
function chooseNothing(rule: Rule): Rule {
  const { target } = rule;
  if ((target?.kind !== "dnat" && target?.kind !== "snat") || target.addresses === null) return rule;
  const { first } = target.addresses;
  return { ...rule, target: { ...target, addresses: { first, last: first } } };
}

/** Rules as they are drawn ask for TCP more often than for UDP: two of three that can ask for UDP instead do so. */
function meantForUdp(ruleset: Ruleset): Ruleset {
  let count = 0;
  const ask = (match: Match): Match => {
    if (match.kind === "protocol" && match.protocol === "tcp") return { ...match, protocol: "udp" };
    const isPort = match.kind === "source-port" || match.kind === "destination-port";
    return isPort && match.module === "tcp" ? { ...match, module: "udp" } : match;
  };
  return mapRules(ruleset, (rule) => {
    const isTcpOnly =
      rule.matches.some(({ kind }) => kind === "tcp-flags") ||
      (rule.target?.kind === "reject" && rule.target.with === "tcp-reset") ||
      (rule.target?.kind === "track" && rule.target.options.includes("helper")) ||
      rule.target?.kind === "tee" ||
      rule.target?.kind === "side-effect";
    const isMeant = rule.matches.some(({ kind }) => kind === "protocol") && !isTcpOnly && ++count % 3 !== 0;
    return isMeant ? { ...rule, matches: rule.matches.map(ask) } : rule;
  });
}

function mapRules(ruleset: Ruleset, change: (rule: Rule) => Rule): Ruleset {
  const tables = ruleset.tables.map((table) => ({
    ...table,
    chains: table.chains.map((chain) => ({ ...chain, rules: chain.rules.map(change) })),
  }));
  return { ...ruleset, tables };
}

/** iptables-nft 1.8.9 joins two negated single ports into one comparison (docs/kernel.md): the source's negation is taken away. */
function partNegations(matches: readonly Match[]): readonly Match[] {
  const isNegatedPort = (match: Match) =>
    (match.kind === "source-port" || match.kind === "destination-port") && match.negated;
  if (matches.filter(isNegatedPort).length < 2) return matches;
  return matches.map((match) => (match.kind === "source-port" ? { ...match, negated: false } : match));
}

/** There is a `vm` only behind an interface; and upstream's further addresses are no sources to bind to. */
function canDial({ from, to }: Flow, kubevirtInterfaces: readonly string[]): boolean {
  if (from.actor === "vm") return kubevirtInterfaces.length > 0;
  return from.actor !== "upstream" || !UPSTREAM_ADDRESSES.includes(to.address);
}

/** Ports from which SNAT and MASQUERADE choose: so many that flows which are driven together do not want the same one. */
const MANY_PORTS = { first: 20000, last: 29999 };

/**
 * Takes few ports out of SNAT and MASQUERADE: two connections to one end point cannot both have the one source port, so flows that are
 * driven together would get in each other's way.
 */
function avoidClashes(ruleset: Ruleset): Ruleset {
  const freePorts = (target: Target | null): Target | null =>
    target?.kind === "snat" || target?.kind === "masquerade"
      ? { ...target, ports: target.ports === null ? null : MANY_PORTS }
      : target;
  return mapRules(ruleset, (rule) => ({ matches: partNegations(rule.matches), target: freePorts(rule.target) }));
}

function arbitraryPolicyRouting(family: Family): fc.Arbitrary<PolicyRouting> {
  const addresses = family === 6 ? [PASS_THROUGH_ON_LO] : [];
  const none: PolicyRouting = { ...NO_POLICY_ROUTING, addresses };
  const [whole, masked] = [WHOLE_MARK, 0xfff].map((mask) => ({
    ...{ ...deliverMarked([family], { value: 0x539, mask }, 133), addresses },
  }));
  return fc.constantFrom(none, none, whole ?? none, masked ?? none);
}

function arbitraryRequest(family: Family, protocol: DrawnProtocol, format: DrawnFormat): fc.Arbitrary<FlowRequest> {
  const actor = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...ACTORS[family]) },
    { weight: 1, arbitrary: fc.constantFrom(...OWNERS, ...(format === "iptables" ? [] : MARKED)) },
  );
  return fc
    .record({
      actor,
      target: fc.constantFrom(...TARGETS[family]),
      port: fc.constantFrom(...PORTS),
      by: protocol === "mixed" ? fc.constantFrom("tcp" as const, "udp" as const) : fc.constant(protocol),
      exchange: fc.constantFrom("", "", "", "again "),
      manner: fc.constantFrom("answer" as const, "answer" as const, "forward" as const),
    })
    .map(({ actor: who, target, port, manner, by, exchange }) => {
      const parsed = parseFlowText(
        by === "tcp" ? `${who} -> ${target}:${port}` : `${exchange}${who} -> ${target}:${port}/udp`,
        SHAPE,
      );
      if (!parsed.ok) throw new Error(parsed.findings.map((found) => found.message).join(" "));
      return { flow: resolveFlow(parsed.value, DEFAULT_ADDRESSES, SHAPE), manner };
    });
}
