import fc from "fast-check";
import { addressValue, type Family, parseNetwork, prefixMask, renderAddress } from "../../harness/model/address.ts";
import {
  CONNECTION_STATUSES,
  type ConnectionQuestion,
  type ConntrackState,
  type Match,
  type Range,
  type TcpFlag,
} from "../../harness/model/match.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";
import { madeOnce } from "./made-once.ts";

/** What kind of rules to make: `whole`, everything that is understood and some that is not; `simulated`, only what the simulator knows. */
export type Vocabulary = "whole" | "simulated";

/** Where a rule stands, which decides what it may hold. */
export interface RulePosition {
  readonly family: Family;
  /** The built-in chain that leads to it. */
  readonly hook: string;
  readonly vocabulary: Vocabulary;
  /** Names of targets that are not drawn. */
  readonly without: readonly string[];
}

/** Ports at which something listens or rules usually turn, their neighbours, and the ends of the range. */
export const arbitraryPort = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(22, 80, 443, 8080, 15001, 15006, 15020) },
  { weight: 3, arbitrary: fc.constantFrom(1, 21, 23, 79, 81, 8079, 8081, 15000, 15002, 15019, 15021, 65534, 65535) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 65535 }) },
);

/** Uids and gids of the pod's actors, their neighbours, and the ends of the range. */
export const arbitraryId = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0, 1000, 1337) },
  { weight: 2, arbitrary: fc.constantFrom(1, 999, 1001, 1336, 1338, 65534, 0xfffffffe) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xfffffffe }) },
);

/** Marks as rules use them, single bits, and anything of 32 bits. */
export const arbitraryMark = fc.oneof(
  fc.constantFrom(0, 1, 2, 0x539, 0x80000000, 0xffffffff),
  fc.integer({ min: 0, max: 0xffffffff }),
);

/** Addresses of the sandbox's hosts, loopback and its neighbours, service addresses, documentation ranges. */
export function arbitraryAddress(family: Family): fc.Arbitrary<string> {
  const hosts = [DEFAULT_ADDRESSES.pod[family], DEFAULT_ADDRESSES.client[family], DEFAULT_ADDRESSES.upstream[family]];
  const loopback = family === 4 ? ["127.0.0.1", "127.0.0.6", "127.0.0.5", "127.0.1.1"] : ["::1", "::6", "::5", "::7"];
  const others =
    family === 4 ? ["10.96.0.1", "192.0.2.7", "203.0.113.255"] : ["2001:db8::1", "fd00:96::1", "64:ff9b::102:304"];
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...hosts) },
    { weight: 3, arbitrary: fc.constantFrom(...loopback) },
    { weight: 2, arbitrary: fc.constantFrom(...others) },
  );
}

/** A range of two values, or of one. */
export function arbitraryRange(value: fc.Arbitrary<number>): fc.Arbitrary<Range> {
  return fc.oneof(
    { weight: 3, arbitrary: value.map((first) => ({ first, last: first })) },
    { weight: 1, arbitrary: fc.tuple(value, value).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) })) },
  );
}

const negated = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });
const STATES: readonly ConntrackState[] = ["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED"];
const FLAGS: readonly TcpFlag[] = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];
const UNKNOWN_MATCHES = [
  "-m limit --limit 5/min",
  "-m length --length 5:10",
  "-m statistic --mode random --probability 0.50000000000",
];

function arbitraryNetwork(family: Family) {
  const lengths = family === 4 ? [1, 8, 16, 24, 31, 32, 32, 32] : [1, 3, 64, 96, 127, 128, 128, 128];
  return fc.tuple(arbitraryAddress(family), fc.constantFrom(...lengths)).map(([address, length]) => {
    const network = parseNetwork(`${address}/${length}`);
    return network ?? { family, value: 0n, mask: prefixMask(family, 1) };
  });
}

function arbitraryBase({ family, hook }: RulePosition, protocol: string | null): fc.Arbitrary<readonly Match[]> {
  const maybe = (match: fc.Arbitrary<Match>) =>
    fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: match });
  const address = (kind: "source" | "destination") =>
    fc.record({ kind: fc.constant(kind), negated, network: arbitraryNetwork(family) });
  const name = fc.constantFrom("lo", "eth0", "eth+", "vm0", "lo", "eth0");
  const face = (kind: "in-interface" | "out-interface") => fc.record({ kind: fc.constant(kind), negated, name });
  const inbound = hook === "PREROUTING" || hook === "INPUT" || hook === "FORWARD";
  const outbound = hook === "OUTPUT" || hook === "POSTROUTING" || hook === "FORWARD";
  return fc
    .tuple(
      maybe(address("source")),
      maybe(address("destination")),
      inbound ? maybe(face("in-interface")) : fc.constant(null),
      outbound ? maybe(face("out-interface")) : fc.constant(null),
      fc.constant<Match | null>(protocol === null ? null : { kind: "protocol", negated: false, protocol }),
      family === 4
        ? fc.oneof(
            { weight: 20, arbitrary: fc.constant(null) },
            { weight: 1, arbitrary: negated.map((not): Match => ({ kind: "fragment", negated: not })) },
          )
        : fc.constant(null),
    )
    .map((matches) => matches.filter((match) => match !== null));
}

function arbitraryPortMatches(protocol: "tcp" | "udp"): fc.Arbitrary<readonly Match[]> {
  const side = (kind: "source-port" | "destination-port") =>
    fc.record({
      kind: fc.constant(kind),
      module: fc.constant(protocol),
      negated,
      ports: arbitraryRange(arbitraryPort),
    });
  const flags = fc.record({
    kind: fc.constant("tcp-flags" as const),
    negated,
    mask: fc.subarray([...FLAGS], { minLength: 1 }),
    set: fc.subarray([...FLAGS]),
  });
  const multiport = fc.record({
    kind: fc.constant("multiport" as const),
    negated,
    side: fc.constantFrom("source" as const, "destination" as const, "either" as const),
    ports: fc.array(arbitraryRange(arbitraryPort), { minLength: 1, maxLength: 7 }),
  });
  return fc.oneof(
    { weight: 5, arbitrary: fc.tuple(side("destination-port")) },
    { weight: 1, arbitrary: fc.tuple(side("source-port"), side("destination-port")) },
    { weight: protocol === "tcp" ? 1 : 0, arbitrary: fc.tuple(flags) },
    { weight: 2, arbitrary: fc.tuple(multiport) },
  );
}

/** Types and codes of the packets that flows have, and others. */
function arbitraryIcmpType(family: Family): fc.Arbitrary<Match> {
  const types = family === 4 ? [0, 3, 5, 8, 8, 13, 255] : [1, 3, 128, 128, 129, 135, 255];
  return fc
    .record({ negated, type: fc.constantFrom(...types), code: fc.constantFrom(null, null, 0, 1, 3, 4, 255) })
    .map(({ negated: not, type, code }) => {
      const codes =
        code === null || (family === 4 && type === 255) ? { first: 0, last: 255 } : { first: code, last: code };
      return { kind: "icmp-type", module: family === 4 ? "icmp" : "icmp6", negated: not, type, codes };
    });
}

/** What one rule may ask behind its `-m`s: none of them, or one group. The more of a kind, the oftener it is drawn. */
type Groups = readonly fc.Arbitrary<readonly Match[]>[];

/** Kinds that are drawn among the options that need no `-m`, or with the rule's protocol. */
const ELSEWHERE = (): Groups => [];
const one = (match: fc.Arbitrary<Match>): Groups => [fc.tuple(match)];

/** For each kind the groups that this position takes, none where it takes none. */
const GROUPS = {
  protocol: ELSEWHERE,
  source: ELSEWHERE,
  destination: ELSEWHERE,
  "in-interface": ELSEWHERE,
  "out-interface": ELSEWHERE,
  "source-port": ELSEWHERE,
  "destination-port": ELSEWHERE,
  "tcp-flags": ELSEWHERE,
  multiport: ELSEWHERE,
  fragment: ELSEWHERE,
  "icmp-type": ELSEWHERE,
  "source-range": ({ family }) => one(arbitraryAddressRange(family, "source-range")),
  "destination-range": ({ family }) => one(arbitraryAddressRange(family, "destination-range")),
  owner: ({ hook }) =>
    hook === "OUTPUT" || hook === "POSTROUTING" ? [arbitraryOwner, arbitraryOwner, arbitraryOwner] : [],
  state: () => one(arbitraryState()),
  "connection-protocol": ({ family }) => [arbitraryConnection(family, "connection-protocol")],
  "connection-address": ({ family }) => [arbitraryConnection(family, "connection-address")],
  "connection-port": ({ family }) => [arbitraryConnection(family, "connection-port")],
  "connection-status": ({ family }) => [arbitraryConnection(family, "connection-status")],
  "connection-direction": ({ family }) => [arbitraryConnection(family, "connection-direction")],
  mark: () => one(arbitraryMarkMatch("mark")),
  connmark: () => one(arbitraryMarkMatch("connmark")),
  socket: ({ hook }) => (hook === "PREROUTING" || hook === "INPUT" ? one(arbitrarySocket) : []),
  "source-type": () => one(arbitraryAddressType("source-type")),
  "destination-type": () => one(arbitraryAddressType("destination-type")),
  comment: () =>
    one(
      fc.record({
        kind: fc.constant("comment" as const),
        text: fc.constantFrom("x", "two words", 'a "quote"', "it's"),
      }),
    ),
  // iptables has no words for it.
  compare: () => [],
  unknown: ({ vocabulary }) =>
    vocabulary === "whole"
      ? one(fc.constantFrom(...UNKNOWN_MATCHES).map((text): Match => ({ kind: "unknown", text })))
      : [],
} satisfies Record<Match["kind"], (position: RulePosition) => Groups>;

function arbitraryModules(position: RulePosition): fc.Arbitrary<readonly Match[]> {
  const groups = Object.values<(position: RulePosition) => Groups>(GROUPS).flatMap((make) => make(position));
  return fc.oneof(
    { weight: groups.length, arbitrary: fc.constant([]) },
    ...groups.map((arbitrary) => ({ weight: 1, arbitrary })),
  );
}

const arbitraryOwner: fc.Arbitrary<readonly Match[]> = (() => {
  const id = (what: "uid" | "gid") =>
    fc.record({
      kind: fc.constant("owner" as const),
      negated,
      what: fc.constant(what),
      ids: arbitraryRange(arbitraryId),
    });
  const exists = negated.map((not): Match => ({ kind: "owner", negated: not, what: "socket-exists", ids: null }));
  return fc.oneof(fc.tuple(id("uid")), fc.tuple(id("gid")), fc.tuple(id("uid"), id("gid")), fc.tuple(exists));
})();

const arbitrarySocket: fc.Arbitrary<Match> = fc
  .subarray(["transparent" as const, "nowildcard" as const])
  .map((options) => ({ kind: "socket", options }));

function arbitraryState(): fc.Arbitrary<Match> {
  return fc.record({
    kind: fc.constant("state" as const),
    module: fc.constantFrom("conntrack" as const, "state" as const),
    negated,
    states: fc.subarray([...STATES], { minLength: 1 }),
  });
}

function arbitraryMarkMatch(kind: "mark" | "connmark"): fc.Arbitrary<Match> {
  const mask = fc.oneof(fc.constant(0xffffffff), arbitraryMark);
  return fc.record({ kind: fc.constant(kind), negated, value: arbitraryMark, mask });
}

/** Ranges around the addresses that flows have, the sandbox's hosts and others: their ends need not be any other rule's. */
function arbitraryAddressRange(family: Family, kind: "source-range" | "destination-range"): fc.Arbitrary<Match> {
  const near = fc.tuple(arbitraryAddress(family), fc.integer({ min: -2, max: 2 }), fc.integer({ min: 0, max: 4 }));
  return fc.record({ kind: fc.constant(kind), negated, near }).map(({ near: [address, before, size], ...rest }) => {
    const last = (1n << (family === 4 ? 32n : 128n)) - 1n;
    const moved = addressValue(address) + BigInt(before);
    const low = moved < 0n ? 0n : moved;
    const high = low + BigInt(size) > last ? last : low + BigInt(size);
    return { ...rest, first: renderAddress(family, low), last: renderAddress(family, high) };
  });
}

/** Only one side at a time, and types both families know. */
function arbitraryAddressType(kind: "source-type" | "destination-type"): fc.Arbitrary<Match> {
  return fc.record({
    kind: fc.constant(kind),
    negated,
    types: fc.subarray(["UNICAST", "LOCAL"], { minLength: 1, maxLength: 1 }),
    limit: fc.constant(null),
  });
}

const CONNECTION_ENDS = ["original-source", "original-destination", "reply-source", "reply-destination"] as const;

/** What `-m conntrack` asks of a connection: by itself, or behind a `--ctstate` of the same `-m`. */
function arbitraryConnection(family: Family, kind: ConnectionQuestion["kind"]): fc.Arbitrary<readonly Match[]> {
  const end = fc.constantFrom(...CONNECTION_ENDS);
  const questions: { readonly [K in ConnectionQuestion["kind"]]: fc.Arbitrary<ConnectionQuestion> } = {
    "connection-protocol": fc.record({
      kind: fc.constant("connection-protocol"),
      negated,
      protocol: fc.constantFrom(6, 6, 17, 1),
    }),
    "connection-address": fc.record({
      kind: fc.constant("connection-address"),
      negated,
      end,
      network: arbitraryNetwork(family),
    }),
    "connection-port": fc.record({
      kind: fc.constant("connection-port"),
      negated,
      end,
      ports: arbitraryRange(arbitraryPort),
    }),
    "connection-status": fc.record({
      kind: fc.constant("connection-status"),
      negated,
      statuses: fc.subarray([...CONNECTION_STATUSES]),
    }),
    "connection-direction": fc.record({
      kind: fc.constant("connection-direction"),
      direction: fc.constantFrom("ORIGINAL", "REPLY"),
    }),
  };
  const state = arbitraryState().map((match): Match => ({ ...match, module: "conntrack" }) as Match);
  const alone = questions[kind].map((question): readonly Match[] => [{ ...question, besideState: false }]);
  const beside = fc
    .tuple(state, questions[kind])
    .map(([first, question]): readonly Match[] => [first, { ...question, besideState: true }]);
  return fc.oneof({ weight: 2, arbitrary: alone }, { weight: 1, arbitrary: beside });
}

/** A rule's matches in the order in which iptables prints them, and its protocol. Most rules match little. */
export function arbitraryMatches(
  position: RulePosition,
): fc.Arbitrary<{ readonly protocol: string | null; readonly matches: readonly Match[] }> {
  const icmp = position.family === 4 ? "icmp" : "ipv6-icmp";
  const protocols = ["tcp", "tcp", "tcp", "udp", null, icmp, ...(position.vocabulary === "whole" ? ["253"] : [])];
  const modules = arbitraryModules(position);
  const matchesOf = madeOnce((protocol: string | null) => {
    const header =
      protocol === "tcp" || protocol === "udp"
        ? arbitraryPortMatches(protocol)
        : protocol === icmp
          ? fc.tuple(arbitraryIcmpType(position.family))
          : fc.constant([]);
    const mostlyNone = fc.oneof(fc.constant<readonly Match[]>([]), header);
    return fc
      .tuple(arbitraryBase(position, protocol), mostlyNone, modules)
      .map((parts) => ({ protocol, matches: parts.flat() }));
  });
  return fc.constantFrom(...protocols).chain(matchesOf);
}
