// Long because each kind of match has a translation here.
import { addressValue, type Family } from "../../model/address.ts";
import {
  type CompareElement,
  type CompareKey,
  type CompareKeyName,
  type CompareOperator,
  FIB_TYPES,
  makeKey,
  PROTOCOL_NUMBERS,
  STATE_BITS,
  STATUS_BITS,
  splitEnd,
} from "../../model/compare.ts";
import { isAnyIcmpType, isEveryCode } from "../../model/icmp.ts";
import { type IcmpTypeMatch, type Match, type Range, TCP_FLAG_BITS, type TcpFlag } from "../../model/match.ts";
import { WHOLE_MARK } from "../../model/policy-routing.ts";
import { familyKey } from "../../model/ruleset.ts";
import { networkRanges } from "../../model/value-ranges.ts";

/** The matches of nftables that ask what one of iptables does, or why there are none. */
export type TranslatedMatch = readonly Match[] | { readonly why: string };

/** What the other matches of a rule say that this one is read with. */
interface Beside {
  readonly family: Family;
  readonly protocol: string | null;
}

/** No uid is greater. */
const HIGHEST_UID = 0xffffffff;

/**
 * Gives what a match of iptables is in nftables' words; the family is that of the table.
 *
 * @example
 * translateMatch(match, rule.matches, 4)   // -p tcp --dport 80 as tcp dport 80
 * // [{ kind: "compare", keys: [makeKey("tcp dport")], operator: "==", elements: [[{ first: 80n, last: 80n }]], set: null }]
 */
export function translateMatch(match: Match, matches: readonly Match[], family: Family): TranslatedMatch {
  const named = matches.find((one) => one.kind === "protocol" && !one.negated);
  return translate(match, { family, protocol: named?.kind === "protocol" ? named.protocol : null });
}

/** Says whether a match of iptables holds for packets without a socket, and its translation does not: `! --uid-owner 0`. */
export function differsWithoutSocket(match: Match): boolean {
  return match.kind === "owner" && match.negated;
}

type Translate<M extends Match> = (match: M, beside: Beside) => TranslatedMatch;

function translate<M extends Match>(match: M, beside: Beside): TranslatedMatch {
  return (TRANSLATORS[match.kind] as unknown as Translate<M>)(match, beside);
}

const address: Translate<Extract<Match, { kind: "source" | "destination" }>> = (match, { family }) => {
  const ranges = networkRanges(match.network).map(([first, last]): CompareElement => [{ first, last }]);
  return [compare(addressKey(match.kind === "source", family), match.negated, ranges)];
};

const addressRange: Translate<Extract<Match, { kind: "source-range" | "destination-range" }>> = (match, { family }) => {
  const element = [{ first: addressValue(match.first), last: addressValue(match.last) }];
  return [compare(addressKey(match.kind === "source-range", family), match.negated, [element])];
};

const linkName: Translate<Extract<Match, { kind: "in-interface" | "out-interface" }>> = (match) => {
  const key = match.kind === "in-interface" ? "meta iifname" : "meta oifname";
  const name = match.name.endsWith("+") ? `${match.name.slice(0, -1)}*` : match.name;
  return name === "*" ? no("an interface of any name") : [compare(makeKey(key), match.negated, [[{ name }]])];
};

const port: Translate<Extract<Match, { kind: "source-port" | "destination-port" }>> = (match) =>
  match.module === "sctp" || match.module === "dccp"
    ? no(`ports of ${match.module}`)
    : [compare(portKey(match.module, match.kind === "source-port"), match.negated, [elementOf(match.ports)])];

const mark: Translate<Extract<Match, { kind: "mark" | "connmark" }>> = (match) => {
  const mask = match.mask === WHOLE_MARK ? null : BigInt(match.mask);
  const key = makeKey(match.kind === "mark" ? "meta mark" : "ct mark", { mask });
  return [compare(key, match.negated, [elementOfValue(match.value)])];
};

const connectionAddress: Translate<Extract<Match, { kind: "connection-address" }>> = (match, { family }) => {
  const { direction, side } = splitEnd(match.end);
  const ranges = networkRanges(match.network).map(([first, last]): CompareElement => [{ first, last }]);
  const name = side === "source" ? "ct saddr" : "ct daddr";
  return [compare(makeKey(name, { direction, family: familyKey(family) }), match.negated, ranges)];
};

const connectionPort: Translate<Extract<Match, { kind: "connection-port" }>> = (match) => {
  const { direction, side } = splitEnd(match.end);
  const key = makeKey(side === "source" ? "ct proto-src" : "ct proto-dst", { direction });
  return [compare(key, match.negated, [elementOf(match.ports)])];
};

/** One entry a kind: a kind without one does not compile. */
const TRANSLATORS: { readonly [K in Match["kind"]]: Translate<Extract<Match, { kind: K }>> } = {
  protocol: ({ protocol, negated }) => translateProtocol(protocol, negated),
  source: address,
  destination: address,
  "source-range": addressRange,
  "destination-range": addressRange,
  "in-interface": linkName,
  "out-interface": linkName,
  "source-port": port,
  "destination-port": port,
  multiport: ({ side, ports, negated }, { protocol }) =>
    side === "either" || (protocol !== "tcp" && protocol !== "udp")
      ? no("--ports")
      : [compare(portKey(protocol, side === "source"), negated, ports.map(elementOf))],
  "tcp-flags": ({ mask, set, negated }) => [
    compare(makeKey("tcp flags", { mask: BigInt(flagsOf(mask)) }), negated, [elementOfValue(flagsOf(set))]),
  ],
  owner: ({ what, ids, negated }) => translateOwner(what, ids, negated),
  state: ({ states, negated }) => translateStates(states, negated),
  mark,
  connmark: mark,
  socket: ({ options }) => translateSocket(options),
  "source-type": (match) => translateType(match, "fib saddr type"),
  "destination-type": (match) => translateType(match, "fib daddr type"),
  "connection-protocol": ({ protocol, negated }) => [
    compare(makeKey("ct protocol"), negated, [elementOfValue(protocol)]),
  ],
  "connection-address": connectionAddress,
  "connection-port": connectionPort,
  "connection-status": translateStatus,
  "connection-direction": ({ direction }) => [
    compare(makeKey("ct direction"), false, [elementOfValue(direction === "ORIGINAL" ? 0 : 1)]),
  ],
  "icmp-type": translateIcmpType,
  comment: (match) => [match],
  compare: (match) => [match],
  fragment: () => no("-f"),
  unknown: ({ text }) => no(text),
};

function addressKey(isSource: boolean, family: Family): CompareKey {
  return makeKey(`${family === 4 ? "ip" : "ip6"} ${isSource ? "saddr" : "daddr"}`);
}

function no(what: string): TranslatedMatch {
  return { why: `nothing of nftables that landfall writes is ${what}` };
}

function compare(key: CompareKey, negated: boolean, elements: readonly CompareElement[], any = false): Match {
  const operator: CompareOperator = negated ? "!=" : any ? "any-bit" : "==";
  return { kind: "compare", keys: [key], operator, elements, set: null };
}

function elementOf({ first, last }: Range): CompareElement {
  return [{ first: BigInt(first), last: BigInt(last) }];
}

function elementOfValue(value: number): CompareElement {
  return elementOf({ first: value, last: value });
}

function portKey(protocol: "tcp" | "udp", isSource: boolean): CompareKey {
  return makeKey(`${protocol} ${isSource ? "sport" : "dport"}`);
}

function flagsOf(flags: readonly TcpFlag[]): number {
  return flags.reduce((sum, flag) => sum | TCP_FLAG_BITS[flag], 0);
}

/** -p icmp stands beside it, and holds of any type. */
function translateIcmpType({ module, type, codes, negated }: IcmpTypeMatch): TranslatedMatch {
  if (isAnyIcmpType({ module, type })) return negated ? no("! --icmp-type any") : [];
  if (!isEveryCode(codes)) return no("a code of ICMP");
  return [compare(makeKey(module === "icmp" ? "icmp type" : "icmpv6 type"), negated, [elementOfValue(type)])];
}

function translateProtocol(protocol: string, negated: boolean): TranslatedMatch {
  const known: Readonly<Record<string, number>> = PROTOCOL_NUMBERS;
  const number = /^\d+$/.test(protocol) ? Number(protocol) : known[protocol];
  if (number === undefined) return no(`the protocol ${protocol}`);
  return [compare(makeKey("meta l4proto"), negated, [elementOfValue(number)])];
}

function translateOwner(what: "uid" | "gid" | "socket-exists", ids: Range | null, negated: boolean): TranslatedMatch {
  if (what !== "socket-exists" && ids !== null) return [compare(makeKey(`meta sk${what}`), negated, [elementOf(ids)])];
  return negated
    ? no("! --socket-exists")
    : [compare(makeKey("meta skuid"), false, [elementOf({ first: 0, last: HIGHEST_UID })])];
}

/** Of several states a packet is in one at a time, so that a set of them asks what iptables does, negated as well. */
function translateStates(states: readonly string[], negated: boolean): TranslatedMatch {
  const bits: Readonly<Record<string, number>> = STATE_BITS;
  const values = states.map((state) => bits[state.toLowerCase()]);
  const known = values.filter((value) => value !== undefined);
  if (known.length < values.length) return no(`--ctstate ${states.join(",")}`);
  if (negated) return [compare(makeKey("ct state"), true, known.map(elementOfValue))];
  return [compare(makeKey("ct state"), false, [elementOfValue(known.reduce((sum, value) => sum | value, 0))], true)];
}

/** iptables' `-m socket` passes over listeners of any address unless told otherwise; nft finds them. */
function translateSocket(options: readonly string[]): TranslatedMatch {
  if (options.includes("restore-skmark")) return no("--restore-skmark");
  const yes = elementOfValue(1);
  const transparent = options.includes("transparent") ? [compare(makeKey("socket transparent"), false, [yes])] : [];
  const bound = options.includes("nowildcard") ? [] : [compare(makeKey("socket wildcard"), false, [elementOfValue(0)])];
  return transparent.length + bound.length > 0 ? [...transparent, ...bound] : no("-m socket --nowildcard");
}

function translateType(
  { negated, types, limit }: Extract<Match, { kind: "source-type" | "destination-type" }>,
  name: CompareKeyName,
): TranslatedMatch {
  const known: Readonly<Record<string, number>> = FIB_TYPES;
  const values = types.map((type) => known[type.toLowerCase()]);
  if (values.some((value) => value === undefined)) return no(`the type ${types.join(",")}`);
  const device = limit === null ? null : limit === "in" ? "iif" : "oif";
  return [
    compare(
      makeKey(name, { device }),
      negated,
      values.map((value) => elementOfValue(value ?? 0)),
    ),
  ];
}

function translateStatus({ statuses, negated }: Extract<Match, { kind: "connection-status" }>): TranslatedMatch {
  const bits: Readonly<Record<string, number>> = STATUS_BITS;
  const values = statuses.map((status) => bits[status.toLowerCase().replace("_", "-")] ?? 0);
  if (negated || values.length === 0) return no("--ctstatus, negated or NONE");
  const sum = values.reduce((all, value) => all | value, 0);
  return [compare(makeKey("ct status"), false, [elementOfValue(sum)], true)];
}
