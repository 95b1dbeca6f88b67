import fc from "fast-check";
import type { Family } from "../../harness/model/address.ts";
import type { FlowProtocol } from "../../harness/model/flow.ts";
import type { Hook } from "../../harness/model/hook.ts";

/** Whose flows to draw. */
export type DrawnProtocol = FlowProtocol | "mixed";

/** Where a rule stands that is drawn. */
export interface NftPlace {
  readonly type: "filter" | "nat" | "route";
  readonly hook: Hook;
  readonly tableFamily: "ip" | "ip6" | "inet";
  /** The family of the flows that are driven. */
  readonly family: Family;
  /** Whose flows are driven. */
  readonly protocol: DrawnProtocol;
  /** The base chain. */
  readonly chain: string;
  /** 0 in the base chain, and one more in each chain below it. */
  readonly depth: number;
}

const ADDRESSES: Readonly<Record<Family, readonly string[]>> = {
  4: ["10.244.0.2", "10.244.0.3", "10.244.0.4", "127.0.0.1", "127.0.0.6", "10.96.0.1", "192.0.2.7", "10.244.0.0/24"],
  6: ["fd00:244::2", "fd00:244::3", "fd00:244::4", "::1", "2001:db8::1", "fd00:96::1", "fd00:244::/64"],
};
const PORTS = ["22", "80", "81", "443", "8080", "9090", "15001", "15006", "80-443", "15000-15010"];
const IDS = ["0", "1000", "1337", "1336", "999", "1000-1337", "1337-4294967294"];
const MARKS = ["0x1", "0x10", "0x539", "7", "0"];
const OTHER: Readonly<Record<Family, Family>> = { 4: 6, 6: 4 };
const NAME: Readonly<Record<Family, "ip" | "ip6">> = { 4: "ip", 6: "ip6" };

/** Sets, maps and counters that every drawn table has, by the family of the flows. */
export const OBJECTS: Readonly<Record<Family, string>> = { 4: objectsOf(4), 6: objectsOf(6) };

function objectsOf(family: Family): string {
  const type = family === 4 ? "ipv4_addr" : "ipv6_addr";
  const [pod, client, upstream] = ADDRESSES[family];
  const net = ADDRESSES[family].at(-1);
  return `  set ports { type inet_service; elements = { 80, 8080, 15001 } }
  set ranges { type inet_service; flags interval; elements = { 22-80, 8080-9090 } }
  set hosts { type ${type}; elements = { ${pod}, ${client} } }
  set nets { type ${type}; flags interval; elements = { ${net} } }
  set pairs { type ${type} . inet_service; elements = { ${pod} . 8080, ${upstream} . 80 } }
  set owners { type uid; elements = { 1000, 1337 } }
  map redirects { type inet_service : inet_service; elements = { 80 : 8080, 443 : 15001, 8080 : 15006 } }
  map verdicts { type inet_service : verdict; elements = { 80 : accept, 81 : drop, 443 : return } }
  map marks { type inet_service : mark; elements = { 80 : 0x1, 443 : 0x539 } }
  map servers { type inet_service : ${type}; elements = { 80 : ${upstream}, 9090 : ${client} } }
  counter hits { }
`;
}

function oneOf(...texts: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...texts);
}

/** Fills `%` of a text with one of some values. */
function fill(text: string, values: readonly string[]): fc.Arbitrary<string> {
  return fc.constantFrom(...values).map((value) => text.replace("%", value));
}

/** Gives a comparison that is valid in a place. */
export function drawMatch(place: NftPlace): fc.Arbitrary<string> {
  const { family, hook } = place;
  const ip = NAME[family];
  const addresses = ADDRESSES[family];
  const negation = oneOf("", "", "!= ");
  const compared = (key: string, values: readonly string[]) =>
    fc.tuple(negation, fc.constantFrom(...values)).map(([not, value]) => `${key} ${not}${value}`);
  const isLocal = hook === "output" || hook === "postrouting";
  const entering = hook === "prerouting" || hook === "input";
  const always = [
    compared(`${ip} daddr`, addresses),
    compared(`${ip} saddr`, addresses),
    compared(`${ip} daddr`, ["@hosts", "@nets", `{ ${addresses[0]}, ${addresses[3]} }`]),
    compared(`${ip} daddr . tcp dport`, ["@pairs"]),
    oneOf(`${ip} daddr . tcp dport { ${addresses[0]} . 8080, ${addresses[2]} . 80-443 }`),
    compared("tcp dport", PORTS),
    compared("udp dport", PORTS),
    compared("udp sport", ["53", "1024-65535", "0-1023"]),
    compared("ct l3proto", ["ipv4", "ipv6"]),
    family === 4 ? oneOf("icmp type echo-request") : oneOf("icmpv6 type echo-request"),
    ...(place.protocol === "icmp"
      ? [
          fill(`${family === 4 ? "icmp" : "icmpv6"} type %`, [
            "echo-reply",
            "!= echo-request",
            "{ echo-request, echo-reply }",
          ]),
        ]
      : []),
    // What th reads of an ICMP error nobody knows, so that few rules ask it of every packet.
    compared("meta l4proto { tcp, udp } th dport", PORTS),
    compared("tcp dport", ["@ports", "@ranges", "{ 22, 80, 443 }", "{ 80-8080, 15001 }"]),
    compared("meta l4proto { tcp, udp } th sport", ["0-1023", "1024-65535"]),
    fill("tcp dport %", ["< 443", "> 443", "<= 80", ">= 15001"]),
    compared("meta l4proto", ["tcp", "udp", "{ tcp, udp }", "icmp"]),
    ...(place.tableFamily === "inet" ? [compared("meta nfproto", ["ipv4", "ipv6"])] : []),
    fill("meta protocol %", ["ip", "ip6"]),
    compared("meta mark", MARKS),
    fill("meta mark & 0xff %", ["0x1", "== 0x39", "!= 0"]),
    compared("meta iifname", ['"lo"', '"eth0"', '"eth*"']),
    compared("meta oifname", ['"lo"', '"eth0"', '"eth*"']),
    compared("ct state", ["new", "established", "new,untracked", "invalid"]),
    fill("ct state %", ["{ new, established }", "!= { new, related }", "established,related"]),
    compared("ct mark", MARKS),
    compared("ct direction", ["original", "reply"]),
    compared("ct zone", ["0", "1"]),
    compared("ct protocol", ["tcp", "udp"]),
    compared("meta oif", ["lo"]),
    compared("meta iif", ["lo"]),
    compared("tcp sport", ["53", "1024-65535", "0-1023"]),
    fill("meta l4proto tcp ct reply proto-src %", ["80", "8080", "15001"]),
    fill("ct status %", ["dnat", "snat"]),
    fill("meta l4proto tcp ct original proto-dst %", ["80", "8080", "15001"]),
    fill(
      `ct original ${ip} daddr %`,
      addresses.filter((one) => !one.includes("/")),
    ),
    fill(
      `ct reply ${ip} saddr %`,
      addresses.filter((one) => !one.includes("/")),
    ),
    oneOf("tcp flags syn", "tcp flags & (syn|ack) == syn", "tcp flags & (fin|syn|rst|ack) != syn", "tcp flags ! rst"),
    fill("fib daddr type %", ["local", "unicast", "!= local", "{ local, multicast }"]),
    fill("fib saddr type %", ["local", "unicast"]),
    // The kernel asks for the way back only where a packet comes in (nft_fib_validate in net/netfilter/nft_fib.c).
    ...(entering ? [fill("fib saddr . iif oif %", ["exists", "missing"])] : []),
    family === 4 ? oneOf("ip ttl 64", "ip ttl < 64") : oneOf("ip6 hoplimit 64", "ip6 hoplimit < 64"),
    family === 4 ? oneOf("ip protocol tcp", "ip protocol udp") : oneOf("ip6 nexthdr tcp", "ip6 nexthdr udp"),
  ];
  // A table of both families may ask for the other one, which no packet here is of.
  const other = ADDRESSES[OTHER[family]][0] ?? "";
  const foreign = place.tableFamily === "inet" ? [compared(`${NAME[OTHER[family]]} daddr`, [other])] : [];
  const owners = [
    compared("meta skuid", IDS),
    compared("meta skgid", IDS),
    compared("meta skuid", ["@owners", "{ 0, 1337 }"]),
  ];
  const sockets = [oneOf("socket transparent 1", "socket transparent 0", "socket wildcard 0")];
  return fc.oneof(
    { weight: 6, arbitrary: fc.oneof(...always, ...foreign) },
    { weight: isLocal ? 2 : 0, arbitrary: fc.oneof(...owners) },
    { weight: entering ? 1 : 0, arbitrary: fc.oneof(...sockets) },
  );
}

/** Gives a statement that decides nothing, or nothing at all. */
export function drawStatement({ type, hook }: NftPlace): fc.Arbitrary<string> {
  const marks = [
    fill("meta mark set %", MARKS),
    oneOf("meta mark set meta mark | 0x10", "meta mark set meta mark & 0xfffffff0", "meta mark set ct mark"),
    oneOf("meta mark set tcp dport map @marks", "meta mark set tcp dport map { 80 : 0x539, 8080 : 0x1 }"),
    fill("ct mark set %", MARKS),
    oneOf("ct mark set meta mark", "ct mark set ct mark ^ 0x1"),
  ];
  const tracking = hook === "prerouting" || hook === "output" ? [oneOf("notrack"), oneOf("ct zone set 1")] : [];
  return fc.oneof(
    { weight: 4, arbitrary: oneOf("counter", 'counter name "hits"', 'log prefix "drawn "') },
    { weight: 2, arbitrary: fc.oneof(...marks) },
    { weight: type === "filter" ? 2 * tracking.length : 0, arbitrary: fc.oneof(...tracking, oneOf("counter")) },
  );
}

/** Gives what ends a rule in a place: a verdict, a map of verdicts, NAT, a reject, or nothing. */
export function drawVerdict(place: NftPlace): fc.Arbitrary<string> {
  const { chain, depth, type } = place;
  const below = depth < 2 ? `${chain}_${depth + 1}` : null;
  const calls = below === null ? [] : [oneOf(`jump ${below}`, `jump ${below}`, `goto ${below}`)];
  const maps = [
    oneOf("tcp dport vmap @verdicts", "tcp dport vmap { 80 : drop, 443 : accept, 8000-9000 : return, * : continue }"),
    oneOf(
      "ct state vmap { established : accept, related : accept, invalid : drop }",
      "meta l4proto vmap { tcp : continue, udp : return }",
      "meta mark vmap { 0x1 : accept, 0x10 : drop, 0x11-0x600 : continue }",
      `${NAME[place.family]} daddr . tcp dport vmap { ${ADDRESSES[place.family][0]} . 8080 : accept, ${ADDRESSES[place.family][2]} . 80-443 : drop }`,
    ),
    ...(below === null
      ? []
      : [oneOf(`meta l4proto { tcp, udp } th dport vmap { 80 : jump ${below}, 8080 : goto ${below}, 443 : accept }`)]),
  ];
  const own = type === "nat" ? drawNat(place) : type === "filter" ? drawFilter(place) : oneOf("accept");
  return fc.oneof(
    { weight: 6, arbitrary: own },
    { weight: 3, arbitrary: oneOf("accept", "accept", "return", "continue", "drop") },
    { weight: 3, arbitrary: fc.oneof(...calls, ...maps) },
    { weight: 1, arbitrary: oneOf("") },
  );
}

function drawNat({ hook, tableFamily, family }: NftPlace): fc.Arbitrary<string> {
  const ip = NAME[family];
  const to = tableFamily === "inet" ? ` ${ip} to` : " to";
  const [pod = "", client = "", upstream = ""] = ADDRESSES[family];
  const at = (address: string, port: number) => (family === 4 ? `${address}:${port}` : `[${address}]:${port}`);
  if (hook === "postrouting" || hook === "input") {
    const source = oneOf(`snat${to} ${client}`, `snat${to} ${pod}`);
    return hook === "input" ? source : fc.oneof(source, oneOf("masquerade"));
  }
  return oneOf(
    "meta l4proto tcp redirect to :15001",
    "meta l4proto tcp redirect to :15006",
    "tcp dport 80 redirect to :8080",
    "meta l4proto { tcp, udp } redirect to :15001",
    "udp dport 443 redirect to :8080",
    "redirect",
    "meta l4proto tcp redirect to :tcp dport map @redirects",
    "redirect to :tcp dport map { 80 : 8080, 9090 : 22 }",
    `dnat${to} ${upstream}`,
    `meta l4proto tcp dnat${to} ${at(upstream, 443)}`,
    `meta l4proto udp dnat${to} ${at(upstream, 80)}`,
    `meta l4proto tcp dnat${to} ${at(pod, 8080)}`,
    "meta l4proto tcp dnat to :8080",
    `dnat${to} ${ip} daddr map { ${client} : ${upstream}, ${upstream} : ${pod} }`,
    `dnat${to} tcp dport map @servers`,
    `dnat${to} tcp dport map { 80 : ${upstream}, 443 : ${client} }`,
  );
}

function drawFilter({ hook, tableFamily, family }: NftPlace): fc.Arbitrary<string> {
  const icmp = family === 4 ? "icmp" : "icmpv6";
  const rejects = [
    "reject",
    "meta l4proto tcp reject with tcp reset",
    `reject with ${icmp} ${family === 4 ? "host-unreachable" : "addr-unreachable"}`,
    `reject with ${icmp} admin-prohibited`,
    ...(tableFamily === "inet" ? ["reject with icmpx port-unreachable", "reject with icmpx admin-prohibited"] : []),
  ];
  const ip = tableFamily === "inet" ? ` ${NAME[family]}` : "";
  const proxies = [
    `meta l4proto tcp tproxy${ip} to :15006 meta mark set 0x539 accept`,
    `tcp dport 8080 tproxy${ip} to :15006`,
    `meta l4proto { tcp, udp } tproxy${ip} to :15001 accept`,
  ];
  if (hook === "prerouting") return oneOf(...proxies, "drop");
  return hook === "postrouting" ? oneOf("drop", "accept") : oneOf(...rejects);
}
