import { addressValue, type Family } from "../model/address.ts";
import {
  APP_ID,
  loopbackAddress,
  type Owner,
  PASS_THROUGH_ADDRESS,
  type PodSpec,
  type SandboxAddresses,
} from "../model/pod.ts";
import { type BaseChain, listRules, type Ruleset } from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";
import type { ValueRanges } from "../model/value-ranges.ts";
import type { AddressBinding, OwnerBinding, PacketView, PortBinding } from "./packet-view.ts";

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

/** What of a sandbox shows in packets. */
export interface Surroundings {
  readonly family: Family;
  readonly addresses: SandboxAddresses;
  readonly spec: PodSpec;
  /** The pod's addresses on the links to virtual machines. */
  readonly gateways: readonly string[];
}

/** Gives what some rule sets and a sandbox can make of the two ends of a flow. */
export function findRewrites(rulesets: readonly Ruleset[], around: Surroundings): Rewrites {
  const { family, addresses, spec } = around;
  const targets = rulesets.flatMap(listRules).map(({ target }) => target);
  const local = [loopbackAddress(family), addresses.pod[family], ...around.gateways].map(addressValue);
  const dialledOn = local.map((address): EndBinding => ({ address, port: "port" }));
  const own = [addresses.pod[family], PASS_THROUGH_ADDRESS[family], loopbackAddress(family)];
  const app: Owner = { uid: APP_ID, gid: APP_ID };
  return {
    destinations: unique([...dialledOn, ...targets.flatMap((target) => destinationsOf(target, local))]),
    sources: unique([
      ...own.map((address) => ({ address: addressValue(address), port: "free" as const })),
      ...targets.flatMap(sourcesOf),
    ]),
    portRanges: targets.flatMap(portRangesOf),
    owners: [spec.proxy, app, "none"],
  };
}

function destinationsOf(target: Target | null, local: readonly bigint[]): readonly EndBinding[] {
  if (target?.kind !== "redirect" && target?.kind !== "dnat") return [];
  const addresses: readonly AddressBinding[] =
    target.kind === "redirect" ? local : target.addresses ? [addressValue(target.addresses.first)] : ["destination"];
  const ports: readonly PortBinding[] = target.ports ? [target.ports.first, "port"] : ["port"];
  return addresses.flatMap((address) => ports.map((port) => ({ address, port })));
}

function portRangesOf(target: Target | null): ValueRanges {
  const ports = target?.kind === "redirect" || target?.kind === "dnat" ? target.ports : null;
  return ports ? [[BigInt(ports.first), BigInt(ports.last)]] : [];
}

function sourcesOf(target: Target | null): readonly EndBinding[] {
  if (target?.kind !== "snat" && target?.kind !== "masquerade") return [];
  const port = target.ports?.first ?? "free";
  const address: AddressBinding =
    target.kind === "snat" && target.addresses ? addressValue(target.addresses.first) : "source";
  return [{ address, port }];
}

function unique(ends: readonly EndBinding[]): readonly EndBinding[] {
  return [...new Map(ends.map((end) => [`${end.address} ${end.port}`, end])).values()];
}

/** Leaves of some ends those that a chain's rules can tell apart. */
export type NarrowEnds = (ends: readonly EndBinding[]) => readonly EndBinding[];

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
  const destinations = [DIALLED, ...narrow(isDestinationNat ? onward : rewrites.destinations)];
  const sources = [DIALLER, ...narrow(rewrites.sources)];
  const owners: readonly OwnerBinding[] = ["flow", ...rewrites.owners];
  const forth = product(sources, destinations, owners);
  return type === "nat" ? forth : [...forth, ...product(destinations, sources, owners)];
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
