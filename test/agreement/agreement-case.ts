import fc from "fast-check";
import type { Family } from "../../harness/model/address.ts";
import type { FlowProtocol, Manner } from "../../harness/model/flow.ts";
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
import { listMatches, replaceTargets } from "../../harness/model/rule-parts.ts";
import {
  type Chain,
  listRules,
  type PodRules,
  type Rule,
  type Ruleset,
  type Table,
} from "../../harness/model/ruleset.ts";
import type { Target } from "../../harness/model/target.ts";
import type { FlowRequest } from "../../harness/sandbox/sandbox.ts";
import { SHAPE, shapeOf, takingDatagrams } from "../istio-pod.ts";
import { arbitraryRuleset } from "../property/arbitrary-ruleset.ts";
import { TEE_OF_DATAGRAMS } from "../property/arbitrary-target.ts";
import { findUnloadable } from "../property/loadable.ts";
import { madeOnce } from "../property/made-once.ts";
import { bindWhereAsked } from "./bound-ports.ts";
import { listAsked, meetFlows } from "./meeting.ts";
import type { DrawnProtocol } from "./nft-rules.ts";
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
/** Uids that flows may take from rules; every owner takes a thread or a process of the sandbox. */
const KNOWN_IDS = [0, 1, 999, 1000, 1001, 1336, 1337, 1338, 65534];
/** Sockets with a mark, which rules of nft ask for. */
const MARKED = ["uid=1000,gid=1000,mark=16", "uid=1337,gid=1337,mark=1"];
const TARGETS: Readonly<Record<Family, readonly string[]>> = {
  4: ["pod", "pod", "upstream", "client", "localhost", "127.0.0.6", "10.96.0.1", "192.0.2.7"],
  6: ["pod6", "pod6", "upstream6", "client6", "localhost6", "[2001:db8::1]", "[fd00:96::1]", "[2001:db8::99]"],
};

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
    .constantFrom(2, 3, 5)
    .chain(madeOnce((rulesAtMost) => arbitraryRuleset({ family, vocabulary: "simulated", rulesAtMost, without })))
    .map(avoidClashes);
  const nft = fc
    .constantFrom(1, 2, 3, 4)
    .chain(madeOnce((rulesAtMost) => arbitraryNftRuleset(family, rulesAtMost, protocol)));
  const rulesets = { iptables, nft, mixed: mix(family, iptables, nft) }[format];
  const links = fc.constantFrom<readonly string[]>([], [], [], [], [], [], [], ["vm0"]);
  return links.chain((kubevirtInterfaces) =>
    fc
      .record({
        drawn: rulesets,
        interceptionMode: fc.constantFrom("REDIRECT" as const, "REDIRECT" as const, "TPROXY" as const),
        policyRouting: arbitraryPolicyRouting(family),
        wanted: fc.array(arbitraryWanted(family, protocol, format, kubevirtInterfaces), {
          minLength: flows,
          maxLength: flows,
        }),
      })
      .map(({ drawn, interceptionMode, policyRouting, wanted }) => {
        const requests = askForRules(wanted, drawn).map(makeRequest);
        const ruleset = meetFlows(
          thinOut(drawn),
          requests.map(({ flow }) => flow),
        );
        const shape = shapeOf({ kubevirtInterfaces, interceptionMode, podIps: [DEFAULT_ADDRESSES.pod[family]] });
        return bindWhereAsked({
          spec: {
            shape: takingDatagrams(shape, protocol === "tcp" ? [] : STUB_PORTS),
            listen: [22, 8080],
            upstreamPorts: [22, 80, 443, 8080, 15001],
            clientPorts: [80, 9090],
            upstreamAddresses: UPSTREAM_ADDRESSES,
            ...(protocol === "tcp" ? {} : { udp: UDP_PORTS }),
            ...(protocol === "icmp" ? { echo: true } : {}),
          },
          rules: { ip: family === 4 ? ruleset : null, ip6: family === 6 ? ruleset : null, policyRouting },
          requests,
        });
      }),
  );
}

/** A flow as it is drawn: in words, so that it can take values of rules. */
interface Wanted {
  readonly who: string;
  readonly target: string;
  readonly port: number;
  readonly by: FlowProtocol;
  readonly exchange: string;
  readonly manner: Manner;
}

/**
 * Of what the simulator seldom knows the outcome, most are taken out: copies by TEE, hop limits that end on the way, sources that
 * the kernel chooses, and templates of connections where rules ask about connections before they are tracked.
 */
function thinOut(ruleset: Ruleset): Ruleset {
  const isAskedEarly = listRules(asksEarly(ruleset)).some((rule) => listMatches(rule).some(asksConnection));
  let count = listRules(ruleset).length;
  const isTakenOut = (target: Target): boolean => {
    if (!isSeldomKnown(target, isAskedEarly)) return false;
    return ++count % (isTemplate(target) ? 2 : 8) !== 0;
  };
  return mapRules(ruleset, (rule, { source }) =>
    source === "nft" ? countInstead(rule, isTakenOut) : takeOut(rule, isTakenOut, isAskedEarly),
  );
}

/** Where iptables has no words for a rule without what was taken out, something simpler stands in its place. */
function takeOut(rule: Rule, isTakenOut: (target: Target) => boolean, isAskedEarly: boolean): Rule {
  const { target } = rule;
  if (target === null) return rule;
  if (isTakenOut(target)) return target.kind === "snat" ? chooseNothing(rule) : { ...rule, target: null };
  return isSeldomKnown(target, isAskedEarly) ? forOnePort(rule) : rule;
}

function countInstead(rule: Rule, isTakenOut: (target: Target) => boolean): Rule {
  const edit = (target: Target): Target => (isTakenOut(target) ? { kind: "counter", name: null } : target);
  return rule.target === null ? rule : { ...rule, target: replaceTargets(rule.target, edit) };
}

/** Little hangs on such a rule, then, and the other flows of its rule set have a landing that is known. */
function forOnePort(rule: Rule): Rule {
  const isUdp = rule.matches.some((match) => match.kind === "protocol" && match.protocol === "udp");
  const module = isUdp ? "udp" : "tcp";
  const protocol: Match = { kind: "protocol", negated: false, protocol: module };
  const port: Match = { kind: "destination-port", module, negated: false, ports: { first: 443, last: 443 } };
  const others = rule.matches.filter(
    ({ kind }) => !["protocol", "destination-port", "multiport", "icmp-type"].includes(kind),
  );
  const [base, modules] = [true, false].map((isBase) =>
    others.filter(({ kind }) => BASE_KINDS.includes(kind) === isBase),
  );
  return { ...rule, matches: [...(base ?? []), protocol, port, ...(modules ?? [])] };
}

/** What iptables prints in front of a rule's `-p`. */
const BASE_KINDS: readonly Match["kind"][] = ["source", "destination", "in-interface", "out-interface"];

/** The chains that see a packet before its connection is looked up (NF_IP_PRI_CONNTRACK), and those below them. */
function asksEarly(ruleset: Ruleset): Ruleset {
  const isEarly = ({ base }: Chain) => base !== null && base.priority < -200;
  return { ...ruleset, tables: ruleset.tables.filter(({ chains }) => chains.some(isEarly)) };
}

function asksConnection(match: Match): boolean {
  if (match.kind === "compare") return match.keys.some(({ name }) => name.startsWith("ct "));
  return match.kind === "state" || match.kind === "connmark" || match.kind.startsWith("connection-");
}

function isSeldomKnown(target: Target, isAskedEarly: boolean): boolean {
  if (target.kind === "tee") return true;
  if (target.kind === "hop-limit") return target.change === "dec" ? target.value > 62 : target.value < 2;
  if (target.kind === "snat") return target.addresses !== null && target.addresses.first !== target.addresses.last;
  return isAskedEarly && isTemplate(target);
}

/** What gives a packet a template of a connection before there is one (nf_ct_tmpl_alloc). */
function isTemplate({ kind }: Target): boolean {
  return kind === "zone" || kind === "track";
}

/** Gives flows of which every fourth takes its port, and some their address or their uid, from the rules. */
function askForRules(wanted: readonly Wanted[], ruleset: Ruleset): readonly Wanted[] {
  const { ports, addresses, uids } = listAsked(ruleset);
  const crew = uids.filter((uid) => KNOWN_IDS.includes(uid));
  const take = <T>(items: readonly T[], i: number): T | undefined => items[(i * 5) % Math.max(items.length, 1)];
  return wanted.map((flow, i) => {
    const [port, address, uid] = [take(ports, i), take(addresses, i), take(crew, i)];
    if (i % 4 === 1 && port !== undefined) return { ...flow, port };
    if (i % 8 === 2 && address !== undefined && canReach(flow.who, address)) {
      return { ...flow, target: address.includes(":") ? `[${address}]` : address };
    }
    return i % 8 === 6 && uid !== undefined ? { ...flow, who: `uid=${uid},gid=1000` } : flow;
  });
}

/** Loopback is the pod's own, upstream has its further addresses itself, and in IPv4 the kernel is slow to tell of nobody's address. */
function canReach(who: string, address: string): boolean {
  const isPeer = /^(?:client|upstream|vm)/.test(who);
  if (isLoopback(address) || UPSTREAM_ADDRESSES.includes(address)) return !isPeer;
  return address.includes(":") || Object.values(DEFAULT_ADDRESSES).some((host) => host[4] === address);
}

function isLoopback(address: string): boolean {
  return address.startsWith("127.") || /^::\w$/.test(address);
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

function mapRules(ruleset: Ruleset, change: (rule: Rule, table: Table) => Rule): Ruleset {
  const tables = ruleset.tables.map((table) => ({
    ...table,
    chains: table.chains.map((chain) => ({ ...chain, rules: chain.rules.map((rule) => change(rule, table)) })),
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

function arbitraryWanted(
  family: Family,
  protocol: DrawnProtocol,
  format: DrawnFormat,
  kubevirtInterfaces: readonly string[],
): fc.Arbitrary<Wanted> {
  // There is a `vm` only behind an interface.
  const actors = ACTORS[family].filter((actor) => !actor.startsWith("vm") || kubevirtInterfaces.length > 0);
  const who = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...actors) },
    { weight: 1, arbitrary: fc.constantFrom(...OWNERS, ...(format === "iptables" ? [] : MARKED)) },
  );
  return fc
    .record({
      who,
      target: fc.constantFrom(...TARGETS[family]),
      port: fc.constantFrom(...PORTS),
      by: protocol === "mixed" ? fc.constantFrom("tcp" as const, "udp" as const) : fc.constant(protocol),
      exchange: fc.constantFrom("", "", "", "again "),
      manner: fc.constantFrom("answer" as const, "answer" as const, "forward" as const),
    })
    .filter((wanted) => !wanted.who.startsWith("upstream") || !isUpstreams(wanted.target));
}

/** Upstream's further addresses are no sources to bind to. */
function isUpstreams(target: string): boolean {
  return UPSTREAM_ADDRESSES.includes(target.replace(/^\[(.*)\]$/, "$1"));
}

function makeRequest({ who, target, port, manner, by, exchange }: Wanted): FlowRequest {
  const echo = `${who} -> ${target}/icmp`;
  const text =
    by === "icmp" ? echo : by === "tcp" ? `${who} -> ${target}:${port}` : `${exchange}${who} -> ${target}:${port}/udp`;
  const parsed = parseFlowText(text, SHAPE);
  if (!parsed.ok) throw new Error(parsed.findings.map((found) => found.message).join(" "));
  return { flow: resolveFlow(parsed.value, DEFAULT_ADDRESSES, SHAPE), manner };
}
