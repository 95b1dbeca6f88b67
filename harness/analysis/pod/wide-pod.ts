import { isPodsOwn } from "../../contract/proxy-dial.ts";
import {
  FAMILIES,
  type Family,
  familyOf,
  type Network,
  networkHolds,
  parseAddress,
  parseNetwork,
  renderAddress,
} from "../../model/address.ts";
import { type Flow, type FlowProtocol, startsInPod } from "../../model/flow.ts";
import {
  addressOwner,
  type HostName,
  hostOfActor,
  isLoopback,
  type PodSpec,
  type SandboxAddresses,
  vmLinks,
} from "../../model/pod.ts";
import { takenPorts } from "../../model/pod-shape.ts";
import { resolverOutside } from "../../model/resolver.ts";
import { familyKey, type PodRules } from "../../model/ruleset.ts";
import { type EndBinding, findRewrites } from "../diagrams/packet-views.ts";

/** Where flows may end outside the pod, whether they dial it or a rule sends them there. */
export interface PeerEnds {
  readonly addresses: readonly string[];
  readonly ports: readonly number[];
  /** The protocols by which they are dialled; TCP alone if left out. */
  readonly protocols?: readonly FlowProtocol[];
}

/** What a pod is to be prepared for. */
export interface PodDemand {
  readonly flows: readonly Flow[];
  /** Every rule set that will be in the pod; none where they are not known yet. */
  readonly rules: readonly PodRules[];
}

/**
 * Gives a pod in which every one of some flows has somebody at its end: a peer listens on each port that is dialled there, by the flow's
 * protocol, the app takes datagrams on its ports where some flow is UDP's, and upstream
 * owns every address that flows dial or come from, or that rules translate to, and that no other host has. Where rules send flows to a
 * peer, both peers listen on every port of those flows and of the rules. Every command prepares its pod here, so that a flow lands the same
 * whichever command is asked. Addresses that no host can own (multicast, link-local, unspecified) stay nobody's.
 *
 * @example
 * preparePod(spec, { flows: [flowOf("app -> 10.96.0.1:80")], rules: [] }, DEFAULT_ADDRESSES).upstreamAddresses // ["10.96.0.1"]
 */
export function preparePod(spec: PodSpec, { flows, rules }: PodDemand, addresses: SandboxAddresses): PodSpec {
  return openPreparation(spec, rules, addresses)(flows);
}

/** Prepares a pod for flows, all of which it is given at once. */
export type PreparePod = (flows: readonly Flow[]) => PodSpec;

/** Gives a function that prepares a pod for some flows as {@link preparePod} does; what depends on the rules alone is found once. */
export function openPreparation(spec: PodSpec, rules: readonly PodRules[], addresses: SandboxAddresses): PreparePod {
  const sent = FAMILIES.map((family) => findSentEnds(family, rules, spec, addresses));
  const sentTo = sent.flatMap((ends) => ends.addresses);
  const sentPorts = sent.flatMap(({ ports }) => ports);
  const isSent = sentTo.some((address) => !isLoopback(address) && !isPods(address, addresses));
  const resolver = resolverOutside(spec.shape, addresses);
  const base = widenPod(
    spec,
    { addresses: [...sentTo, ...(resolver === null ? [] : [resolver.address])], ports: isSent ? sentPorts : [] },
    addresses,
  );
  return (flows) => {
    const [streams, datagrams] = (["tcp", "udp"] as const).map((name) =>
      flows.filter(({ protocol }) => protocol === name),
    );
    const portsAt = (host: HostName, some: readonly Flow[] = []) =>
      some.filter((flow) => findTargetHost(flow, spec, addresses) === host).map(({ to }) => to.port);
    const sources = flows.filter((flow) => !startsInPod(flow)).map(({ from }) => from.address);
    const dialled = flows.map(({ to }) => to.address);
    const everywhereOf = (some: readonly Flow[] = []) =>
      isSent ? [...some.map(({ to }) => to.port), ...sentPorts] : [];
    const own = widenPod(base, { addresses: [...dialled, ...sources], ports: everywhereOf(streams) }, addresses);
    const portsOfUdp = (host: HostName) => sortNumbers([...everywhereOf(datagrams), ...portsAt(host, datagrams)]);
    const resolving = resolver === null ? [] : [resolver.port];
    const ofUpstream = sortNumbers([...portsOfUdp("upstream"), ...resolving]);
    const udp = { app: spec.listen, upstream: ofUpstream, client: portsOfUdp("client") };
    return {
      ...own,
      upstreamPorts: sortNumbers([
        ...own.upstreamPorts,
        ...portsAt("upstream", streams),
        ...(streams?.length === 0 ? [] : resolving),
      ]),
      clientPorts: sortNumbers([...own.clientPorts, ...portsAt("client", streams)]),
      ...(datagrams?.length === 0 ? {} : { udp }),
      ...(flows.some(({ protocol }) => protocol === "icmp") ? { echo: true } : {}),
      upstreamAddresses: own.upstreamAddresses.toSorted(),
    };
  };
}

/**
 * Gives a pod whose app listens on every port that flows dial at the pod, where no listener of the pod's shape does. Where nobody listens,
 * what rules reject, what they send to a closed port and what they let through all end refused, and nothing tells them apart.
 */
export function openDialledPorts(spec: PodSpec, flows: readonly Flow[], addresses: SandboxAddresses): PodSpec {
  const taken = takenPorts(spec.shape);
  const isOwn = ({ to }: Flow) => isPodsOwn(to.address, { shape: spec.shape, addresses });
  const dialled = flows.filter(isOwn).map(({ to }) => to.port);
  return { ...spec, listen: sortNumbers([...spec.listen, ...dialled.filter((port) => !taken.includes(port))]) };
}

/** Gives the host at which a flow ends if nothing touches it. A vm is there behind an interface alone; its address is upstream's else. */
function findTargetHost({ from, to }: Flow, spec: PodSpec, addresses: SandboxAddresses): HostName {
  if (isLoopback(to.address)) return hostOfActor(from.actor);
  const owner = addressOwner(to.address, addresses);
  return owner === "vm" && vmLinks(spec).length === 0 ? "upstream" : owner;
}

function isPods(address: string, { pod }: SandboxAddresses): boolean {
  return address === pod[4] || address === pod[6];
}

/** Gives the ends to which rules translate what is dialled. */
function findSentEnds(
  family: Family,
  rules: readonly PodRules[],
  spec: PodSpec,
  addresses: SandboxAddresses,
): PeerEnds {
  const rulesets = rules.flatMap((each) => each[familyKey(family)] ?? []);
  return listFixedEnds(family, findRewrites(rulesets, { family, addresses, spec, gateways: [] }).destinations);
}

/**
 * Gives a pod whose peers are there wherever flows may end, beside what they have already: both listen on the ports, and upstream owns
 * every address that is no other host's and that a host can own. Where they are dialled by UDP, the app takes datagrams on its ports.
 *
 * @example
 * widenPod(spec, { addresses: ["192.0.2.1", "127.0.0.6"], ports: [80] }, DEFAULT_ADDRESSES).upstreamAddresses // ["192.0.2.1"]
 */
export function widenPod(
  spec: PodSpec,
  { addresses, ports, protocols = ["tcp"] }: PeerEnds,
  hosts: SandboxAddresses,
): PodSpec {
  const there = vmLinks(spec).length > 0 ? Object.values(hosts) : [hosts.pod, hosts.client, hosts.upstream];
  const taken = there.flatMap((host) => [host[4], host[6]]);
  const strangers = addresses.filter((address) => canBeOwned(address) && !taken.includes(address));
  const portsBy = (protocol: FlowProtocol) => (protocols.includes(protocol) ? ports : []);
  const { app, upstream, client } = spec.udp ?? { app: spec.listen, upstream: [], client: [] };
  return {
    ...spec,
    upstreamPorts: unite(spec.upstreamPorts, portsBy("tcp")),
    clientPorts: unite(spec.clientPorts, portsBy("tcp")),
    ...(protocols.includes("udp")
      ? { udp: { app, upstream: unite(upstream, portsBy("udp")), client: unite(client, portsBy("udp")) } }
      : {}),
    upstreamAddresses: unite(spec.upstreamAddresses, strangers),
  };
}

/** Networks of which no host can own an address that others connect to: this host, multicast and above; mapped and link-local ones. */
const NEVER_OWNED: Readonly<Record<Family, readonly Network[]>> = {
  4: readNetworks("0.0.0.0/8", "224.0.0.0/3"),
  6: readNetworks("::/128", "::ffff:0:0/96", "fe80::/10", "ff00::/8"),
};

function readNetworks(...texts: readonly string[]): readonly Network[] {
  return texts.flatMap((text) => parseNetwork(text) ?? []);
}

/** Says whether a host beside the pod may have an address. */
export function canBeOwned(address: string): boolean {
  const value = parseAddress(address)?.value;
  if (value === undefined || isLoopback(address)) return false;
  return !NEVER_OWNED[familyOf(address)].some((network) => networkHolds(network, value));
}

/** Gives the end points that rewriting targets name themselves, without those whose address or port stays as the flow has it. */
export function listFixedEnds(family: Family, ends: readonly EndBinding[]): PeerEnds {
  return {
    addresses: ends.flatMap(({ address }) => (typeof address === "bigint" ? [renderAddress(family, address)] : [])),
    ports: ends.flatMap(({ port }) => (typeof port === "number" ? [port] : [])),
  };
}

function unite<T>(some: readonly T[], others: readonly T[]): readonly T[] {
  return [...new Set([...some, ...others])];
}

function sortNumbers(numbers: readonly number[]): readonly number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}
