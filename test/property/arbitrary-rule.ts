import fc from "fast-check";
import { type Family, parseNetwork, prefixMask, renderAddress } from "../../harness/model/address.ts";
import type { ConntrackState, Match, Range, TcpFlag } from "../../harness/model/match.ts";
import { DEFAULT_ADDRESSES } from "../../harness/model/pod.ts";

/** What kind of rules to make: `whole`, everything that is understood and some that is not; `simulated`, only what the simulator knows. */
export type Vocabulary = "whole" | "simulated";

/** Where a rule stands, which decides what it may hold. */
export interface RulePosition {
  readonly family: Family;
  /** The built-in chain that leads to it. */
  readonly hook: string;
  readonly vocabulary: Vocabulary;
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

function arbitraryModules(position: RulePosition): fc.Arbitrary<readonly Match[]> {
  const { family, hook, vocabulary } = position;
  const owners = hook === "OUTPUT" || hook === "POSTROUTING";
  const id = (what: "uid" | "gid") =>
    fc.record({
      kind: fc.constant("owner" as const),
      negated,
      what: fc.constant(what),
      ids: arbitraryRange(arbitraryId),
    });
  const exists = negated.map((not): Match => ({ kind: "owner", negated: not, what: "socket-exists", ids: null }));
  const owner = fc.oneof(fc.tuple(id("uid")), fc.tuple(id("gid")), fc.tuple(id("uid"), id("gid")), fc.tuple(exists));
  const modules: fc.Arbitrary<readonly Match[]>[] = [
    fc.tuple(arbitraryState()),
    fc.tuple(arbitraryMarkMatch("mark")),
    fc.tuple(arbitraryMarkMatch("connmark")),
    fc.tuple(arbitraryAddressRange(family)),
    fc.tuple(
      fc.record({
        kind: fc.constant("comment" as const),
        text: fc.constantFrom("x", "two words", 'a "quote"', "it's"),
      }),
    ),
    fc.tuple(arbitraryAddressType()),
    ...(owners ? [owner, owner, owner] : []),
    ...(hook === "PREROUTING" || hook === "INPUT" ? [fc.tuple(arbitrarySocket)] : []),
    ...(vocabulary === "whole"
      ? [fc.tuple(fc.constantFrom(...UNKNOWN_MATCHES).map((text): Match => ({ kind: "unknown", text })))]
      : []),
  ];
  return fc.oneof(
    { weight: modules.length, arbitrary: fc.constant([]) },
    ...modules.map((arbitrary) => ({ weight: 1, arbitrary })),
  );
}

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

function arbitraryAddressRange(family: Family): fc.Arbitrary<Match> {
  const start = family === 4 ? 0x0a_f4_00_00n : 0xfd00_0244_0000_0000_0000_0000_0000_0000n;
  return fc
    .record({
      kind: fc.constantFrom("source-range" as const, "destination-range" as const),
      negated,
      ends: fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })),
    })
    .map(({ kind, negated: not, ends }) => {
      const [first, last] = [Math.min(...ends), Math.max(...ends)].map((end) =>
        renderAddress(family, start + BigInt(end)),
      );
      return { kind, negated: not, first: first ?? "", last: last ?? "" };
    });
}

/** Only one side at a time, and types both families know. */
function arbitraryAddressType(): fc.Arbitrary<Match> {
  return fc.record({
    kind: fc.constantFrom("source-type" as const, "destination-type" as const),
    negated,
    types: fc.subarray(["UNICAST", "LOCAL"], { minLength: 1, maxLength: 1 }),
    limit: fc.constant(null),
  });
}

/** A rule's matches in the order in which iptables prints them, and its protocol. Most rules match little. */
export function arbitraryMatches(
  position: RulePosition,
): fc.Arbitrary<{ readonly protocol: string | null; readonly matches: readonly Match[] }> {
  const protocols =
    position.vocabulary === "whole" ? ["tcp", "tcp", "tcp", "udp", null, "253"] : ["tcp", "tcp", "tcp", "udp", null];
  return fc.constantFrom(...protocols).chain((protocol) => {
    const ports = protocol === "tcp" || protocol === "udp" ? arbitraryPortMatches(protocol) : fc.constant([]);
    const mostlyNone = fc.oneof(fc.constant<readonly Match[]>([]), ports);
    return fc
      .tuple(arbitraryBase(position, protocol), mostlyNone, arbitraryModules(position))
      .map((parts) => ({ protocol, matches: parts.flat() }));
  });
}
