import { addressValue, type Family } from "../../model/address.ts";
import type { Range } from "../../model/match.ts";
import {
  APP_ID,
  loopbackAddress,
  type Owner,
  PASS_THROUGH_IPV6,
  type PodSpec,
  type SandboxAddresses,
} from "../../model/pod.ts";
import type { BaseChain, Ruleset } from "../../model/ruleset.ts";
import type { ValueRanges } from "../../model/value-ranges.ts";
import type { AddressBinding, OwnerBinding, PacketView, PortBinding } from "./packet-view.ts";
import { listRewritings, type Rewriting } from "./target-effects.ts";

/** One end of a connection as packets may name it. */
export interface EndBinding {
  readonly address: AddressBinding;
  readonly port: PortBinding;
}

/** Everything that rules and the sandbox can make of a flow's packets, so that no packet of any flow is of a view not listed. */
export interface Rewrites {
  /** What the address dialled may become: by REDIRECT, DNAT, or the stub's dialling on. */
  readonly destinations: readonly EndBinding[];
  /** What the source may become: by SNAT, MASQUERADE, or the stub's dialling on. */
  readonly sources: readonly EndBinding[];
  /** Ranges of ports that NAT maps to: a port inside one stays as it is. */
  readonly portRanges: ValueRanges;
  /** Who may own a packet that the dialler does not: the listeners. */
  readonly owners: readonly OwnerBinding[];
}

/** The parts of a sandbox that show in packets: addresses and ports of its hosts. */
export interface SandboxView {
  readonly family: Family;
  readonly addresses: SandboxAddresses;
  readonly spec: PodSpec;
  /** The pod's addresses on the links to virtual machines. */
  readonly gateways: readonly string[];
}

/** Gives what some rule sets and a sandbox can make of the two ends of a flow. */
export function findRewrites(rulesets: readonly Ruleset[], around: SandboxView): Rewrites {
  const { family, addresses, spec } = around;
  const destinations = listRewritings(rulesets, "destination");
  const local = [loopbackAddress(family), addresses.pod[family], ...around.gateways].map(addressValue);
  const dialledOn = local.map((address): EndBinding => ({ address, port: "port" }));
  const through = spec.shape.passThrough[family] ?? (family === 6 ? PASS_THROUGH_IPV6 : loopbackAddress(4));
  const own = [addresses.pod[family], through, loopbackAddress(family)];
  const app: Owner = { uid: APP_ID, gid: APP_ID };
  return {
    destinations: unique([...dialledOn, ...destinations.flatMap((each) => destinationsOf(each, local))]),
    sources: unique([
      ...own.map((address) => ({ address: addressValue(address), port: "free" as const })),
      ...listRewritings(rulesets, "source").map(sourceOf),
    ]),
    portRanges: destinations.flatMap(({ ports }) =>
      ports ? [[BigInt(ports.first), BigInt(ports.last)] as const] : [],
    ),
    owners: [...listOwners(spec), app, "none"],
  };
}

/** Who owns what a proxy dials, and what its listeners answer. */
function listOwners({ shape: { proxies, listeners } }: PodSpec): readonly Owner[] {
  const all = [...proxies.map(({ runsAs }) => runsAs), ...listeners.map(({ owner }) => owner)];
  return [...new Map(all.map(({ uid, gid }) => [`${uid} ${gid}`, { uid, gid }])).values()];
}

function destinationsOf({ addresses, ports, choice }: Rewriting, local: readonly bigint[]): readonly EndBinding[] {
  const ends = addresses === "local" ? local : [addresses ? bindRange(addresses) : "destination"];
  const kept: readonly PortBinding[] = ports ? [ports.first, "port"] : ["port"];
  const chosen: readonly PortBinding[] = ports && choice === "random" ? [bindPorts(ports)] : kept;
  return ends.flatMap((address) => chosen.map((port) => ({ address, port })));
}

/** A source keeps its port where that lies in the range; it is the kernel's choice all the same. */
function sourceOf({ addresses, ports }: Rewriting): EndBinding {
  const address = addresses === null || addresses === "local" ? "source" : bindRange(addresses);
  return { address, port: ports ? bindPorts(ports) : "free" };
}

function bindRange({ first, last }: { readonly first: string; readonly last: string }): AddressBinding {
  const [low, high] = [addressValue(first), addressValue(last)];
  return low === high ? low : { first: low, last: high };
}

function bindPorts({ first, last }: Range): PortBinding {
  return first === last ? first : { first, last };
}

function unique(ends: readonly EndBinding[]): readonly EndBinding[] {
  const byAddress = new Map<unknown, Set<unknown>>();
  return ends.filter(({ address, port }) => {
    const [key, own] = [keyOfBinding(address), keyOfBinding(port)];
    const known = byAddress.get(key);
    if (known?.has(own)) return false;
    if (known === undefined) byAddress.set(key, new Set([own]));
    else known.add(own);
    return true;
  });
}

/** Gives what is equal for bindings that are alike. */
function keyOfBinding(binding: AddressBinding | PortBinding): bigint | number | string {
  return typeof binding === "object" ? `${binding.first}-${binding.last}` : binding;
}

/** What a chain sees of an end: the packet's source, its destination, or one in a first packet and the other in the answer. */
export type EndRole = "source" | "destination" | "both";

/** Leaves of some ends those that a chain's rules can tell apart where packets have them in a role. */
export type NarrowEnds = (ends: readonly EndBinding[], role: EndRole) => readonly EndBinding[];

/** A flow's ends before anything is done to them. */
const DIALLED: EndBinding = { address: "destination", port: "port" };
const DIALLER: EndBinding = { address: "source", port: "free" };

/**
 * Gives every view of packets that a base chain can meet: a flow's own and what the stub dials on for it, before and after NAT, and
 * the answers. nat is consulted for first packets only, and those of output and prerouting before any rewriting.
 */
export function listViews(
  { type, hook }: Pick<BaseChain, "type" | "hook">,
  rewrites: Rewrites,
  narrow: NarrowEnds,
): readonly PacketView[] {
  const isDestinationNat = type === "nat" && (hook === "output" || hook === "prerouting");
  const onward = rewrites.destinations.filter(({ port, address }) => port === "port" && address !== "destination");
  const isAnswered = type !== "nat";
  const destinations = [
    DIALLED,
    ...narrow(isDestinationNat ? onward : rewrites.destinations, isAnswered ? "both" : "destination"),
  ];
  const sources = [DIALLER, ...narrow(rewrites.sources, isAnswered ? "both" : "source")];
  const owners: readonly OwnerBinding[] = ["flow", ...rewrites.owners];
  const forth = product(sources, destinations, owners);
  return isAnswered ? [...forth, ...product(destinations, sources, owners)] : forth;
}

function product(
  sources: readonly EndBinding[],
  destinations: readonly EndBinding[],
  owners: readonly OwnerBinding[],
): readonly PacketView[] {
  return sources.flatMap((source) =>
    destinations.flatMap((destination) =>
      owners.map((owner) => ({
        source: source.address,
        sourcePort: source.port,
        destination: destination.address,
        destinationPort: destination.port,
        owner,
      })),
    ),
  );
}
