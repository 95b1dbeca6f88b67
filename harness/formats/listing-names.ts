import {
  addressBits,
  type Family,
  type Network,
  prefixLength,
  renderAddress,
  renderNetwork,
  unspecifiedAddress,
} from "../model/address.ts";
import type { Match, ProtocolMatch } from "../model/match.ts";
import { protocolNumber } from "./protocols.ts";

/** Names that `iptables -L` without `-n` would look up on the machine; each gives null where there is none. */
export interface ListingNames {
  /** `127.0.0.1` is `localhost`. */
  readonly host: (address: string) => string | null;
  /** 80 is `http`. */
  readonly service: (port: number) => string | null;
  readonly user: (uid: number) => string | null;
  readonly group: (gid: number) => string | null;
}

/** How a listing prints what could have a name: with names, or as `-n` does. */
export type Naming = ListingNames | "numbers";

/** Gives a port, or the name of its service. */
export function renderPort(port: number, naming: Naming): string {
  return (naming === "numbers" ? null : naming.service(port)) ?? String(port);
}

/** Gives the columns `prot` and `opt`: `tcp  --`, with `!` before a negated protocol. */
export function renderProtocolColumns(matches: readonly Match[], naming: Naming): string {
  const match = matches.find((candidate): candidate is ProtocolMatch => candidate.kind === "protocol");
  const fragment = matches.find((candidate) => candidate.kind === "fragment");
  const protocol = naming === "numbers" ? String(protocolNumber(match?.protocol ?? "0")) : (match?.protocol ?? "all");
  const option = fragment === undefined ? "--" : fragment.negated ? "!f" : "-f";
  return `${match?.negated ? "!" : " "}${protocol.padEnd(4)} ${option}`;
}

/** Gives the column of an interface: `*` or `any` for every one. */
export function renderInterfaceColumn(
  matches: readonly Match[],
  kind: "in-interface" | "out-interface",
  naming: Naming,
): string {
  const match = matches.find((candidate) => candidate.kind === kind);
  const name = match && "name" in match ? (match.negated ? "!" : "") + match.name : naming === "numbers" ? "*" : "any";
  return name.padEnd(6);
}

/** Gives the column of an address, its `!` or blank before it, padded behind. */
export function renderAddressColumn(
  matches: readonly Match[],
  kind: "source" | "destination",
  family: Family,
  naming: Naming,
): string {
  const match = matches.find((candidate) => candidate.kind === kind);
  const network = match && "network" in match ? match.network : { family, value: 0n, mask: 0n };
  return `${match && "network" in match && match.negated ? "!" : " "}${renderHost(network, naming).padEnd(19)} `;
}

function renderHost(network: Network, naming: Naming): string {
  if (network.mask === 0n) return naming === "numbers" ? `${unspecifiedAddress(network.family)}/0` : "anywhere";
  const address = renderAddress(network.family, network.value);
  const isSingle = prefixLength(network) === addressBits(network.family);
  const name = naming === "numbers" ? null : naming.host(address);
  return isSingle ? (name ?? address) : renderNetwork(network).replace(address, name ?? address);
}
