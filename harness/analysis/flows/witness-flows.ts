import { addressBits, addressValue, type Family, renderAddress } from "../../model/address.ts";
import { canBeElsewhere } from "../../model/elsewhere.ts";
import { type Flow, type FlowProtocol, type FlowWho, NO_PORT } from "../../model/flow.ts";
import { makeFlowSpec, nameWho } from "../../model/flow-spec.ts";
import {
  addressOwner,
  isLoopback,
  MAX_ID,
  MAX_PORT,
  type Owner,
  type PodSpec,
  type SandboxAddresses,
} from "../../model/pod.ts";
import { takenPorts } from "../../model/pod-shape.ts";
import type { Breakpoints } from "../diagrams/breakpoints.ts";

/** What makes up all flows of one family that a sandbox can drive, one value for each interval between breakpoints. */
export interface WitnessSpace {
  readonly family: Family;
  readonly protocols: readonly FlowProtocol[];
  readonly ports: readonly number[];
  readonly owners: readonly Owner[];
  /** The pod's own addresses, its loopback ones among them: what may be dialled and dialled from inside. */
  readonly own: readonly string[];
  /** Everything else that the pod may dial. */
  readonly elsewhere: readonly string[];
  readonly pod: string;
  /** Addresses from which a socket may connect to elsewhere: IPv4 forbids it to loopback ones, IPv6 allows it to `::6`. */
  readonly leaving: readonly string[];
  /** Actors outside the pod with their addresses, whose calls reach it. */
  readonly outside: readonly { readonly actor: string; readonly address: string }[];
}

/**
 * Loopback addresses that bound the range. Of its ends, 127.255.255.255 is a broadcast address, and so is 127.0.0.0 before Linux 5.14:
 * flows to those are none that every kernel lets a sandbox drive.
 */
const LOOPBACK_EDGES = ["127.0.0.0", "127.0.0.1", "127.0.0.2", "127.255.255.255", "128.0.0.0"];
/** Where addresses that `upstream` may own begin again (`canBeElsewhere`). */
const ELSEWHERE_EDGES = ["1.0.0.0", "224.0.0.0", "0:0:0:0:0:1::", "fe80::", "fec0::", "ff00::"];
/** The sandbox's links, from whose networks nothing but the hosts themselves can be dialled. */
const LINK_BITS = { 4: 16n, 6: 64n } as const;

/** Gives the space of all flows of a family: each of them lands like one that {@link listWitnesses} gives. */
export function spanFlows(
  family: Family,
  breakpoints: Breakpoints,
  spec: PodSpec,
  addresses: SandboxAddresses,
  { added = [], protocols }: { readonly added?: readonly string[]; readonly protocols: readonly FlowProtocol[] },
): WitnessSpace {
  const listening = [...takenPorts(spec.shape), ...spec.listen];
  const uids = idsOf(breakpoints.uids);
  const gids = idsOf(breakpoints.gids);
  const dialled = addressesOf(family, breakpoints, addresses, added);
  const { pod } = addresses;
  const isOwn = (address: string) => address === pod[family] || isLoopback(address) || added.includes(address);
  const hosts =
    spec.shape.links.length > 0 ? (["client", "upstream", "vm"] as const) : (["client", "upstream"] as const);
  return {
    family,
    protocols,
    ports: numbersOf([1, ...breakpoints.ports, ...listening.flatMap((port) => [port, port + 1])], 1, MAX_PORT),
    owners: uids.flatMap((uid) => gids.map((gid) => ({ uid, gid }))),
    own: dialled.filter(isOwn),
    elsewhere: dialled.filter((address) => !isOwn(address)),
    pod: pod[family],
    leaving: [pod[family], ...added.filter((address) => family === 6 && isLoopback(address))],
    outside: hosts.map((actor) => ({ actor, address: addresses[actor][family] })),
  };
}

/** Gives how many flows of each protocol {@link listWitnesses} gives for a space at most; echoes, without ports, are fewer. */
export function countWitnesses({ ports, owners, own, elsewhere, leaving, outside }: WitnessSpace): number {
  const vm = outside.filter(({ actor }) => actor === "vm").length;
  return (
    ports.length *
    (owners.length * (own.length ** 2 + elsewhere.length * leaving.length) + outside.length + vm * elsewhere.length)
  );
}

/**
 * Gives one flow for every combination of intervals, protocol by protocol: from outside, then from inside to the pod's own addresses and to
 * elsewhere.
 */
export function* listWitnesses(space: WitnessSpace): Generator<Flow> {
  for (const protocol of space.protocols)
    for (const port of protocol === "icmp" ? [NO_PORT] : space.ports) {
      yield* listOutside(space, { protocol, port });
      yield* listInside(space, { protocol, port });
    }
}

/** How witnesses are dialled. */
interface Dialled {
  readonly protocol: FlowProtocol;
  readonly port: number;
}

function* listOutside(space: WitnessSpace, dialled: Dialled): Generator<Flow> {
  const owner = { uid: 0, gid: 0 };
  for (const { actor, address } of space.outside) {
    const dialler = { who: { actor, ids: {} }, owner, address, source: null };
    yield makeFlow(space, dialler, space.pod, dialled);
    if (actor === "vm") for (const to of space.elsewhere) yield makeFlow(space, dialler, to, dialled);
  }
}

function* listInside(space: WitnessSpace, dialled: Dialled): Generator<Flow> {
  const { owners, own, elsewhere, leaving } = space;
  for (const owner of owners) {
    const who = { actor: null, ids: owner };
    const at = (address: string) => ({ who, owner, address, source: address === space.pod ? null : address });
    for (const to of elsewhere) for (const address of leaving) yield makeFlow(space, at(address), to, dialled);
    for (const to of own) for (const address of own) yield makeFlow(space, at(address), to, dialled);
  }
}

/** Who dials in a witness, as an owner and the address it dials from; `source`: that address where the socket is bound to it. */
interface Dialler {
  readonly who: FlowWho;
  readonly owner: Owner;
  readonly address: string;
  readonly source: string | null;
}

function makeFlow(
  { family }: WitnessSpace,
  { who, owner, address, source }: Dialler,
  target: string,
  { protocol, port }: Dialled,
): Flow {
  return {
    spec: makeFlowSpec({ ...who, source, target, family, port, protocol }),
    family,
    protocol,
    from: { actor: nameWho(who), address, ...owner },
    to: { target, address: target, port },
  };
}

function idsOf(breakpoints: ReadonlySet<number>): readonly number[] {
  return numbersOf([0, ...breakpoints], 0, MAX_ID);
}

function numbersOf(starts: readonly number[], lowest: number, highest: number): readonly number[] {
  return [...new Set(starts)].filter((start) => lowest <= start && start <= highest).sort((a, b) => a - b);
}

/** The first address of each interval that somebody in the sandbox can have. */
function addressesOf(
  family: Family,
  breakpoints: Breakpoints,
  addresses: SandboxAddresses,
  added: readonly string[],
): readonly string[] {
  const hosts = Object.values(addresses).map((host) => host[family]);
  const named = [...hosts, ...added, ...(family === 6 ? ["::1"] : [])].map(addressValue);
  const links = hosts.flatMap((host) => {
    const bits = BigInt(addressBits(family)) - LINK_BITS[family];
    const first = (addressValue(host) >> bits) << bits;
    return [first, first + (1n << bits)];
  });
  const edges = [...LOOPBACK_EDGES, ...ELSEWHERE_EDGES]
    .filter((edge) => edge.includes(":") === (family === 6))
    .map(addressValue);
  const starts = [...breakpoints.addresses[family], ...named, ...named.map((value) => value + 1n), ...links, ...edges];
  const top = 1n << BigInt(addressBits(family));
  return [...new Set(starts)]
    .filter((start) => start < top)
    .map((start) => renderAddress(family, start))
    .filter((address) => isDiallable(address, family, addresses, added));
}

function isDiallable(address: string, family: Family, addresses: SandboxAddresses, added: readonly string[]): boolean {
  if (added.includes(address)) return true;
  if (isLoopback(address)) return address !== "127.0.0.0" && address !== "127.255.255.255" && address !== "::6";
  const isHost = addressOwner(address, addresses) !== "upstream" || address === addresses.upstream[family];
  return isHost || canBeElsewhere(address, family, addresses);
}
