import {
  addressValue,
  type Family,
  type Network,
  parseNetwork,
  prefixLength,
  renderAddress,
} from "../../harness/model/address.ts";
import type { ConnectionEnd } from "../../harness/model/compare.ts";
import { type Flow, startsInPod } from "../../harness/model/flow.ts";
import { ECHO_TYPES } from "../../harness/model/icmp.ts";
import type { InterfaceMatch, Match, OwnerMatch, Range } from "../../harness/model/match.ts";
import { DEFAULT_ADDRESSES, POD_INTERFACE } from "../../harness/model/pod.ts";
import { listMatches } from "../../harness/model/rule-parts.ts";
import { listRules, type Rule, type Ruleset, type Table } from "../../harness/model/ruleset.ts";

/** Ports from which the kernel dials where a flow does not say which, and their neighbours (net.ipv4.ip_local_port_range). */
const UNBOUND: Range = { first: 1024, last: 65535 };
const EPHEMERAL: Range = { first: 32768, last: 60999 };
const PROTOCOL_NUMBER: Readonly<Record<Flow["protocol"], number>> = { tcp: 6, udp: 17, icmp: 1 };
const IPV6_ICMP = 58;

/** One end of a packet; a port of null is the kernel's choice. */
interface End {
  readonly address: string;
  readonly port: number | null;
}

/** What a rule is to meet: a packet of a flow, the flow's own or its answer's. */
interface Met {
  readonly flow: Flow;
  readonly isAnswer: boolean;
}

/**
 * Gives rules of iptables of which two of three ask for what a packet of some flow has at their hook; the kinds of their matches stay, and
 * so do negations. Rules and flows that are drawn alone seldom have a value in common, and so most flows would pass every rule by.
 *
 * @example
 * // -A OUTPUT -d 203.0.113.255/32 -p tcp -m tcp --dport 79 -j DROP  beside the flow  app -> upstream:53/udp
 * // -A OUTPUT -d 10.244.0.4/32 -p udp -m udp --dport 53 -j DROP
 */
export function meetFlows(ruleset: Ruleset, flows: readonly Flow[]): Ruleset {
  let count = 0;
  const meet = (hook: string, drawn: Rule): Rule => {
    let rule = drawn;
    const turn = ++count;
    if (flows.some(({ protocol }) => protocol === "icmp") && turn % 4 !== 0) rule = askForEchoes(rule, ruleset.family);
    if (turn % 3 === 0 || isSeldomKnown(rule)) return { ...rule, matches: rule.matches.map(widenSource) };
    const isAnswer = turn % 5 === 0;
    const met = pick(
      flows.filter(
        (flow) =>
          passes(flow, hook, isAnswer) &&
          (flow.protocol === "tcp" || !isTcpOnly(rule)) &&
          (flow.protocol !== "icmp" || !asksPorts(rule)) &&
          (flow.protocol === "icmp" || !asksIcmpType(rule)),
      ),
      turn,
    );
    if (met === undefined) return { ...rule, matches: rule.matches.map(widenSource) };
    return { ...rule, matches: rule.matches.map((match) => meetMatch(match, { flow: met, isAnswer }, turn)) };
  };
  const tables = ruleset.tables.map(
    (table): Table => ({
      ...table,
      chains: callChains(table).map((chain) => ({
        ...chain,
        rules: chain.rules.map((rule) => meet(hookOf(chain.name), rule)),
      })),
    }),
  );
  return { ...ruleset, tables };
}

/** Gives the ports, the addresses and the uids that rules of iptables ask for, each with its neighbours where those may differ. */
export function listAsked(ruleset: Ruleset): {
  readonly ports: readonly number[];
  readonly addresses: readonly string[];
  readonly uids: readonly number[];
} {
  const matches = listRules(ruleset).flatMap((rule) => listMatches(rule));
  const ports = matches.flatMap((match) => {
    if (match.kind === "destination-port" || match.kind === "connection-port") return endsOf(match.ports);
    return match.kind === "multiport" ? match.ports.flatMap(endsOf) : [];
  });
  const addresses = matches.flatMap((match) => {
    if (match.kind === "destination-range") return [match.first, match.last];
    if (match.kind !== "destination" && match.kind !== "connection-address") return [];
    return (prefixLength(match.network) ?? 0) >= 31 ? [renderAddress(match.network.family, match.network.value)] : [];
  });
  const uids = matches.flatMap((match) => (match.kind === "owner" && match.ids !== null ? [match.ids.first] : []));
  return { ports: ports.filter((port) => port >= 1 && port <= 65535), addresses, uids };
}

/** The ends of a range, and what lies just outside. */
function endsOf({ first, last }: Range): readonly number[] {
  return [first, last, first - 1, last + 1];
}

/** `OUTPUT` of `OUTPUT_1`. */
function hookOf(chain: string): string {
  return chain.replace(/_\d+$/, "");
}

function pick<T>(items: readonly T[], turn: number): T | undefined {
  return items[(turn * 7) % Math.max(items.length, 1)];
}

/** A chain that no rule leads to is called by a rule of its own, first or last in the built-in chain above. */
function callChains({ chains }: Table): Table["chains"] {
  const called = new Set(
    chains.flatMap(({ rules }) =>
      rules.flatMap(({ target }) => (target?.kind === "jump" || target?.kind === "goto" ? target.chain : [])),
    ),
  );
  return chains.map((chain, i) => {
    const lost = chains.filter(
      ({ name, rules, base }) =>
        base === null && rules.length > 0 && !called.has(name) && chain.base !== null && hookOf(name) === chain.name,
    );
    const calls = lost.map(({ name }): Rule => ({ matches: [], target: { kind: "jump", chain: name } }));
    return { ...chain, rules: i % 2 === 0 ? [...calls, ...chain.rules] : [...chain.rules, ...calls] };
  });
}

/** What becomes of copies, and of sources that the kernel chooses, is seldom known: such rules meet few flows. */
function isSeldomKnown({ target }: Rule): boolean {
  if (target?.kind === "snat") return target.addresses !== null && target.addresses.first !== target.addresses.last;
  return target?.kind === "tee";
}

/** Rules that have to do with ports become rules of ICMP, if what they do has nothing to do with these. */
function askForEchoes(rule: Rule, family: Family): Rule {
  if (isTcpOnly({ ...rule, matches: [] }) || targetHasPorts(rule)) return rule;
  const protocol = family === 4 ? "icmp" : "ipv6-icmp";
  const isPort = ({ kind }: Match) => ["source-port", "destination-port", "multiport", "tcp-flags"].includes(kind);
  const first = rule.matches.find(isPort);
  const matches = rule.matches
    .filter((match) => !isPort(match) || match === first)
    .map((match) => (match === first ? askForType(match, family) : match))
    .map((match) => (match.kind === "connection-port" ? meetIdentifier(match, family) : match));
  return { ...rule, matches: matches.map((match) => (match.kind === "protocol" ? { ...match, protocol } : match)) };
}

/** In the place of ports an echo has its type and code. */
function askForType(match: Match, family: Family): Match {
  const negated = "negated" in match && match.negated;
  const port = "ports" in match ? ([match.ports].flat()[0]?.first ?? 0) : 0;
  const module = family === 4 ? "icmp" : "icmp6";
  const type = ECHO_TYPES[family][port % 3 === 0 ? "reply" : "request"];
  const codes =
    port % 4 === 0 ? { first: 0, last: 0 } : port % 4 === 1 ? { first: 1, last: 1 } : { first: 0, last: 255 };
  return { kind: "icmp-type", module, negated, type, codes };
}

/** As an echo's port connection tracking has its identifier, of which nothing is known, or its type and code. */
function meetIdentifier(match: Extract<Match, { readonly kind: "connection-port" }>, family: Family): Match {
  const type = ECHO_TYPES[family];
  const [request, reply] = [type.request << 8, type.reply << 8];
  if (match.end === "original-destination") return { ...match, ports: { first: request, last: request } };
  if (match.end === "reply-destination") return { ...match, ports: { first: reply, last: reply } };
  return { ...match, ports: { first: 0, last: 65535 } };
}

function asksIcmpType({ matches }: Rule): boolean {
  return matches.some(({ kind }) => kind === "icmp-type");
}

function asksPorts(rule: Rule): boolean {
  const isPort = ({ kind }: Match) => ["source-port", "destination-port", "multiport"].includes(kind);
  return rule.matches.some(isPort) || targetHasPorts(rule);
}

function targetHasPorts({ target }: Rule): boolean {
  return target !== null && (target.kind === "tproxy" || ("ports" in target && target.ports !== null));
}

/** Rules that no datagram can meet, or that iptables takes for TCP alone. */
function isTcpOnly({ matches, target }: Rule): boolean {
  return (
    matches.some(({ kind }) => kind === "tcp-flags") ||
    (target?.kind === "reject" && target.with === "tcp-reset") ||
    (target?.kind === "track" && target.options.includes("helper")) ||
    target?.kind === "tee" ||
    (target?.kind === "side-effect" && ["ECN", "TCPMSS", "TCPOPTSTRIP"].includes(target.name))
  );
}

/** Says whether packets of a flow, or its answers, come by a hook of the pod. */
function passes(flow: Flow, hook: string, isAnswer: boolean): boolean {
  if (staysInPod(flow)) return hook !== "FORWARD";
  const leaves = startsInPod(flow) !== isAnswer;
  if (hook === "OUTPUT" || hook === "POSTROUTING") return leaves;
  return hook === "FORWARD" || !leaves;
}

function staysInPod(flow: Flow): boolean {
  const isOwn = Object.values(DEFAULT_ADDRESSES.pod).includes(flow.to.address);
  return startsInPod(flow) && (isOwn || flow.to.target === "localhost" || flow.to.address.startsWith("127."));
}

function meetMatch(match: Match, met: Met, turn: number): Match {
  if ("negated" in match && match.negated) {
    // iptables wants the ports of the protocol that the rule asks for.
    const isPort = match.kind === "source-port" || match.kind === "destination-port";
    const { protocol } = met.flow;
    return widenSource(isPort && protocol !== "icmp" ? { ...match, module: protocol } : match);
  }
  return meetPort(meetAddress(meetOther(match, met, turn), met), met);
}

/** The ends of a packet. */
function endsOfPacket({ flow, isAnswer }: Met): { readonly source: End; readonly destination: End } {
  const dialled: End = flow.to;
  const own: End = { address: flow.from.address, port: flow.from.port ?? null };
  return isAnswer ? { source: dialled, destination: own } : { source: own, destination: dialled };
}

/** The end of a connection before NAT. */
function endOfConnection(end: ConnectionEnd, met: Met): End {
  const { source, destination } = endsOfPacket({ ...met, isAnswer: false });
  return end === "original-source" || end === "reply-destination" ? source : destination;
}

function meetPort(match: Match, met: Met): Match {
  const { source, destination } = endsOfPacket(met);
  if (match.kind === "connection-port" && met.flow.protocol !== "icmp")
    return { ...match, ports: holding(match.ports, endOfConnection(match.end, met).port) };
  if (match.kind === "source-port" || match.kind === "destination-port") {
    const { port } = match.kind === "source-port" ? source : destination;
    const { protocol } = met.flow;
    return { ...match, ...(protocol === "icmp" ? {} : { module: protocol }), ports: holding(match.ports, port) };
  }
  if (match.kind !== "multiport") return match;
  const { port } = match.side === "source" ? source : destination;
  const [first = UNBOUND, ...others] = match.ports;
  const ports = [holding(first, port), ...others];
  return { ...match, ports: match.side === "destination" ? ports : ports.map(widened) };
}

function meetAddress(match: Match, met: Met): Match {
  const { source, destination } = endsOfPacket(met);
  if (match.kind === "connection-address")
    return { ...match, network: around(match.network, endOfConnection(match.end, met).address) };
  if (match.kind === "source") return { ...match, network: around(match.network, source.address) };
  if (match.kind === "destination") return { ...match, network: around(match.network, destination.address) };
  if (match.kind !== "source-range" && match.kind !== "destination-range") return match;
  const { address } = match.kind === "source-range" ? source : destination;
  const size = addressValue(match.last) - addressValue(match.first);
  return { ...match, first: address, last: renderAddress(met.flow.family, addressValue(address) + size) };
}

function meetOther(match: Match, { flow, isAnswer }: Met, turn: number): Match {
  if (match.kind === "protocol" || match.kind === "connection-protocol") return meetProtocol(match, flow);
  if (match.kind === "icmp-type") return { ...match, type: ECHO_TYPES[flow.family][isAnswer ? "reply" : "request"] };
  if (match.kind === "in-interface" || match.kind === "out-interface") return meetInterface(match, flow);
  // What rules set themselves stays as drawn, in every second rule.
  if ((match.kind === "mark" || match.kind === "connmark") && turn % 2 === 0) {
    return { ...match, value: ((flow.from.mark ?? 0) & match.mask) >>> 0 };
  }
  return match.kind === "owner" && startsInPod(flow) && !isAnswer ? meetOwner(match, flow) : match;
}

function meetInterface(match: InterfaceMatch, flow: Flow): InterfaceMatch {
  return match.name.endsWith("+") ? match : { ...match, name: staysInPod(flow) ? "lo" : POD_INTERFACE };
}

function meetProtocol(match: Extract<Match, { readonly protocol: unknown }>, { protocol, family }: Flow): Match {
  const isV6Echo = protocol === "icmp" && family === 6;
  if (match.kind === "protocol") return { ...match, protocol: isV6Echo ? "ipv6-icmp" : protocol };
  return { ...match, protocol: isV6Echo ? IPV6_ICMP : PROTOCOL_NUMBER[protocol] };
}

function meetOwner(match: OwnerMatch, { from }: Flow): OwnerMatch {
  if (match.ids === null) return match;
  const id = from[match.what];
  return match.ids.first <= id && id <= match.ids.last ? match : { ...match, ids: { first: id, last: id } };
}

/** A network of the same length. */
function around(network: Network, address: string): Network {
  return parseNetwork(`${address}/${prefixLength(network) ?? 32}`) ?? network;
}

function holding(range: Range, port: number | null): Range {
  if (port === null) return UNBOUND;
  return range.first <= port && port <= range.last ? widened(range) : { first: port, last: port };
}

/**
 * A range that holds some of the ports from which the kernel chooses, and not all, gets all of them: what a rule does would hang on the
 * choice, which the simulator does not know.
 */
function widenSource(match: Match): Match {
  if (match.kind === "multiport" && match.side !== "destination") return { ...match, ports: match.ports.map(widened) };
  return match.kind === "source-port" || match.kind === "connection-port"
    ? { ...match, ports: widened(match.ports) }
    : match;
}

function widened({ first, last }: Range): Range {
  const overlaps = first <= EPHEMERAL.last && last >= EPHEMERAL.first;
  return overlaps ? { first: Math.min(first, UNBOUND.first), last: UNBOUND.last } : { first, last };
}
