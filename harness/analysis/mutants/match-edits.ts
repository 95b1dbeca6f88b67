import { addressBits, type Family, type Network, parseAddress, renderAddress } from "../../model/address.ts";
import { ECHO_TYPES } from "../../model/icmp.ts";
import type {
  AddressRangeMatch,
  ConntrackState,
  IcmpTypeMatch,
  MarkMatch,
  Match,
  OwnerMatch,
  Range,
} from "../../model/match.ts";
import { MAX_ID, MAX_PORT, POD_INTERFACE } from "../../model/pod.ts";
import { editCompare } from "./compare-edits.ts";
import { editNetwork } from "./network-edits.ts";

/** Numbers of protocols, as `--ctproto` prints them. */
const [TCP, UDP] = [6, 17];

/**
 * Gives everything one match can be mistaken for: negated where it can be, and each of its values moved over a boundary. The match taken
 * away altogether is not among them. What is not understood has no edits.
 */
export function editMatch(match: Match, family: Family): readonly Match[] {
  if (match.kind === "compare") return editCompare(match);
  const negation = "negated" in match && !holdsEveryPort(match) ? [{ ...match, negated: !match.negated } as Match] : [];
  return [...negation, ...editValues(match, family)];
}

/** Its negation is not the same under both variants of iptables: one of them leaves it out. */
function holdsEveryPort(match: Match): boolean {
  const isOfPorts = match.kind === "source-port" || match.kind === "destination-port";
  return isOfPorts && match.ports.first === 0 && match.ports.last === MAX_PORT;
}

function editValues(match: Match, family: Family): readonly Match[] {
  switch (match.kind) {
    case "protocol":
      return [{ ...match, protocol: match.protocol === "tcp" ? "udp" : "tcp" }];
    case "source":
    case "destination":
      return editAddress(match, family);
    case "in-interface":
    case "out-interface":
      return [{ ...match, name: match.name === "lo" ? POD_INTERFACE : "lo" }];
    case "source-port":
    case "destination-port":
      return editRange(match.ports, 0, MAX_PORT).map((ports) => ({ ...match, ports }));
    case "multiport":
      return match.ports.flatMap((range, i) =>
        editRange(range, 0, MAX_PORT).map((changed) => ({ ...match, ports: match.ports.with(i, changed) })),
      );
    case "source-range":
    case "destination-range":
      return editAddressRange(match);
    case "owner":
      return editOwner(match);
    case "state":
      return editStates(match.states).map((states) => ({ ...match, states }));
    case "mark":
    case "connmark":
      return editMark(match);
    case "connection-address":
      return editAddress(match, family);
    case "connection-port":
      return editRange(match.ports, 0, MAX_PORT).map((ports) => ({ ...match, ports }));
    case "connection-protocol":
      return [{ ...match, protocol: match.protocol === TCP ? UDP : TCP }];
    case "connection-status":
      return [{ ...match, statuses: match.statuses.includes("SEEN_REPLY") ? [] : ["SEEN_REPLY"] }];
    case "connection-direction":
      return [{ ...match, direction: match.direction === "REPLY" ? "ORIGINAL" : "REPLY" }];
    case "icmp-type":
      return [{ ...match, type: editIcmpType(match, family) }];
    // They have no values, or none that could be taken for another.
    case "fragment":
    case "tcp-flags":
    case "socket":
    case "source-type":
    case "destination-type":
    case "comment":
    case "compare":
    case "unknown":
      return [];
  }
}

/** Where a request is asked for a reply, and a request in place of anything else. */
function editIcmpType({ type }: IcmpTypeMatch, family: Family): number {
  const { request, reply } = ECHO_TYPES[family];
  return type === request ? reply : request;
}

/** Gives a range with each end moved by one, outward and inward, and both its halves where it has any; all within the bounds. */
export function editRange({ first, last }: Range, lowest: number, highest: number): readonly Range[] {
  const middle = Math.floor((first + last) / 2);
  const moved = [
    { first: first - 1, last },
    { first, last: last + 1 },
    { first: first - 1, last: last - 1 },
    { first: first + 1, last: last + 1 },
    { first: first + 1, last },
    { first, last: last - 1 },
    { first, last: middle },
    { first: middle + 1, last },
  ];
  const kept = moved.filter(
    (range) =>
      lowest <= range.first &&
      range.first <= range.last &&
      range.last <= highest &&
      !(range.first === first && range.last === last),
  );
  return [...new Map(kept.map((range) => [`${range.first}-${range.last}`, range])).values()];
}

function editAddress<M extends Match & { readonly network: Network }>(match: M, family: Family): readonly M[] {
  return editNetwork(match.network, family).map((network) => ({ ...match, network }));
}

function editAddressRange(match: AddressRangeMatch): readonly AddressRangeMatch[] {
  const [first, last] = [parseAddress(match.first), parseAddress(match.last)];
  if (!first || !last) return [];
  const { family } = first;
  const ends = [
    [first.value - 1n, last.value],
    [first.value + 1n, last.value],
    [first.value, last.value - 1n],
    [first.value, last.value + 1n],
  ] as const;
  const top = 1n << BigInt(addressBits(family));
  return ends
    .filter(([low, high]) => 0n <= low && low <= high && high < top)
    .map(([low, high]) => ({ ...match, first: renderAddress(family, low), last: renderAddress(family, high) }));
}

/** Other ids, and the ids taken for those of the other kind. */
function editOwner(match: OwnerMatch): readonly OwnerMatch[] {
  if (match.ids === null) return [];
  const what = match.what === "uid" ? "gid" : "uid";
  return [{ ...match, what }, ...editRange(match.ids, 0, MAX_ID).map((ids) => ({ ...match, ids }))];
}

function editStates(states: readonly ConntrackState[]): readonly (readonly ConntrackState[])[] {
  const fewer = states.length > 1 ? states.map((state) => states.filter((other) => other !== state)) : [];
  const more: ConntrackState[] = states.includes("NEW") ? ["ESTABLISHED"] : ["NEW"];
  return [...fewer, more, [...new Set([...states, ...more])]];
}

function editMark(match: MarkMatch): readonly MarkMatch[] {
  return [{ ...match, value: (match.value ^ 1) >>> 0 }];
}
