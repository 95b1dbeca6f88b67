// Long because expressions hold each other: a set holds concatenations, whose parts may be maps.
import { isList, isObject, type Json, unwrap } from "./ast.ts";
import type { Token } from "./lexer.ts";
import {
  describeToken,
  fail,
  isNext,
  peek,
  placed,
  type TextReader,
  take,
  takeExpected,
  takeIf,
  takeName,
} from "./text-reader.ts";

/** Keys of `meta` that need no `meta` before them (nft(8), META EXPRESSIONS). */
const BARE_META =
  "mark iif iifname iiftype oif oifname oiftype skuid skgid nftrace rtclassid ibrname obrname pkttype cpu iifgroup oifgroup cgroup".split(
    " ",
  );
const META =
  `${BARE_META.join(" ")} length protocol priority random secmark secpath l4proto nfproto iifkind oifkind sdif sdifname time day hour ibrpvid ibrvproto ibrpriority`.split(
    " ",
  );
const CT =
  "state direction status mark expiration helper label l3proto protocol proto-src proto-dst saddr daddr bytes packets avgpkt zone id secmark event timeout expectation count".split(
    " ",
  );

/** The fields of headers, by protocol (nft(8), PAYLOAD EXPRESSIONS). */
const FIELDS: Readonly<Record<string, string>> = {
  ether: "daddr saddr type",
  vlan: "id dei pcp type",
  arp: "htype ptype hlen plen operation saddr daddr",
  ip: "version hdrlength dscp ecn length id frag-off ttl protocol checksum saddr daddr option",
  icmp: "type code checksum id sequence gateway mtu",
  igmp: "type mrt checksum group",
  ip6: "version dscp ecn flowlabel length nexthdr hoplimit saddr daddr",
  icmpv6: "type code checksum parameter-problem packet-too-big id sequence max-delay mtu taddr daddr",
  tcp: "sport dport sequence ackseq doff reserved flags window checksum urgptr option",
  udp: "sport dport length checksum",
  udplite: "sport dport checksum",
  sctp: "sport dport vtag checksum chunk",
  dccp: "sport dport type",
  th: "sport dport",
  ah: "nexthdr hdrlength reserved spi sequence",
  esp: "spi sequence",
  comp: "nexthdr flags cpi",
};

/** Expressions that are known by name alone: what they read is kept as text. */
const OTHER_SELECTORS = [
  "rt",
  "ipsec",
  "osf",
  "jhash",
  "symhash",
  "exthdr",
  "hbh",
  "dst",
  "frag",
  "mh",
  "srh",
  "tunnel",
  "gretap",
  "vxlan",
];

/** Says whether a word begins an expression that reads something of a packet. */
export function startsSelector(reader: TextReader, ahead = 0): boolean {
  const { kind, text } = peek(reader, ahead);
  if (kind !== "word") return false;
  return (
    text.startsWith("@th") ||
    text.startsWith("@nh") ||
    text.startsWith("@ll") ||
    ["meta", "ct", "fib", "socket", "numgen"].includes(text) ||
    BARE_META.includes(text) ||
    OTHER_SELECTORS.includes(text) ||
    (Object.hasOwn(FIELDS, text) && peek(reader, ahead + 1).kind === "word")
  );
}

/** What is not read further: it is kept as text, with what follows it in its rule. */
export class Unread extends Error {}

/** Reads what is compared: expressions joined by `.`, each with a mask. */
export function readSelector(reader: TextReader): Json {
  const first = peek(reader);
  const parts = [readMasked(reader)];
  while (takeIf(reader, ".")) parts.push(readMasked(reader));
  return placed(reader, first, parts.length === 1 ? (parts[0] ?? null) : { concat: parts });
}

/** More values than the names of any real text stand for. */
const VALUES_AT_MOST = 1_000_000;
/** More operators than any mask needs: each nests what stands before it. */
const OPERATORS_AT_MOST = 50;
const BIT_WORDS: Readonly<Record<string, string>> = {
  "&": "&",
  and: "&",
  "|": "|",
  or: "|",
  "^": "^",
  xor: "^",
  "<<": "<<",
  ">>": ">>",
};

function readMasked(reader: TextReader): Json {
  const isGrouped = takeIf(reader, "(");
  if (isGrouped && isNext(reader, "(")) throw new Unread();
  let value = isGrouped ? readMasked(reader) : readPrimary(reader);
  if (isGrouped) takeExpected(reader, ")");
  let count = 0;
  for (let sign = BIT_WORDS[peek(reader).text]; sign !== undefined; sign = BIT_WORDS[peek(reader).text]) {
    if (++count > OPERATORS_AT_MOST)
      return fail(peek(reader), `More than ${OPERATORS_AT_MOST} operators stand in one expression.`);
    take(reader);
    value = { [sign]: [value, readOperand(reader)] };
  }
  return value;
}

function readOperand(reader: TextReader): Json {
  if (startsSelector(reader)) return readPrimary(reader);
  if (!takeIf(reader, "(")) return readValueText(reader);
  const value = readBits(reader);
  takeExpected(reader, ")");
  return value;
}

function readPrimary(reader: TextReader): Json {
  const token = peek(reader);
  if (!startsSelector(reader)) return fail(token, `${describeToken(token)} is not an expression of nftables.`);
  return placed(reader, token, readKnown(reader, take(reader)));
}

function readKnown(reader: TextReader, { text }: Token): Json {
  if (BARE_META.includes(text)) return { meta: { key: text } };
  if (text === "meta") return { meta: { key: takeKey(reader, META, "meta") } };
  if (text === "socket") return { socket: { key: readSocketKey(reader) } };
  if (text === "ct") return readConnection(reader);
  if (text === "fib") return readFib(reader);
  if (text === "numgen") return readNumgen(reader);
  const fields = FIELDS[text];
  if (fields === undefined) throw new Unread();
  const field = takeKey(reader, fields.split(" "), text);
  if (field === "option" || field === "chunk") throw new Unread();
  return { payload: { protocol: text, field } };
}

/** `socket cgroupv2 level 1 "path"` has more behind its key, which is not read. */
function readSocketKey(reader: TextReader): string {
  const key = takeKey(reader, ["transparent", "mark", "wildcard", "cgroupv2"], "socket");
  if (key === "cgroupv2") throw new Unread();
  return key;
}

function takeKey(reader: TextReader, keys: readonly string[], of: string): string {
  const token = take(reader);
  if (keys.includes(token.text)) return token.text;
  return fail(token, `${describeToken(token)} is not a field of ${of}; those are ${keys.join(", ")}.`);
}

function readConnection(reader: TextReader): Json {
  const direction = isNext(reader, "original", "reply") ? take(reader).text : null;
  const family = isNext(reader, "ip", "ip6") ? `${take(reader).text} ` : "";
  const key = family + takeKey(reader, CT, "ct");
  return { ct: direction === null ? { key } : { key, dir: direction } };
}

function readFib(reader: TextReader): Json {
  const flags = [takeName(reader, "what fib looks up")];
  while (takeIf(reader, ".")) flags.push(takeName(reader, "what fib looks up"));
  return { fib: { result: takeKey(reader, ["type", "oif", "oifname"], "fib"), flags } };
}

function readNumgen(reader: TextReader): Json {
  const mode = takeKey(reader, ["inc", "random"], "numgen");
  takeExpected(reader, "mod");
  const mod = readNumber(reader);
  return { numgen: { mode, mod, offset: takeIf(reader, "offset") ? readNumber(reader) : 0 } };
}

/** Reads a whole number, or a name that was defined as one; anything else is a syntax error at that word. */
export function readNumber(reader: TextReader): number {
  const token = peek(reader);
  const value = readValueText(reader);
  return typeof value === "number" ? value : fail(token, `${describeToken(token)} stands where a number is needed.`);
}

/** Reads one value: a number, a word, an address, a quoted text or what a name was defined as. */
export function readValueText(reader: TextReader): Json {
  const token = take(reader);
  if (token.kind === "number" && /^0\d/.test(token.text))
    fail(token, `nft reads "${token.text}" as an octal number; write it in decimal, without the leading zero.`);
  if (token.kind === "number") return Number(token.text);
  if (token.kind === "sign" && token.text === "*") return "*";
  if (token.kind === "word" && token.text.startsWith("$")) return readDefined(reader, token);
  if (token.kind === "word" || token.kind === "string" || token.kind === "address") return token.text;
  return fail(token, `${describeToken(token)} stands where a value is needed.`);
}

/** Definitions that name each other twice double with every line, so their values are counted before any list of them is built. */
function readDefined(reader: TextReader, token: Token): Json {
  const name = token.text.slice(1);
  const definition = reader.defined.get(name);
  if (definition === undefined) return fail(token, `${token.text} is not defined; write define ${name} = … before it.`);
  if (reader.expanded + definition.size > VALUES_AT_MOST)
    return fail(token, `The names used up to here stand for more than ${VALUES_AT_MOST} values.`);
  reader.expanded += definition.size;
  return definition.value;
}

/** Reads a value, a range `80-90`, or a prefix `10.0.0.0/8`. */
export function readRangeText(reader: TextReader): Json {
  const token = peek(reader);
  const first = takeIf(reader, "(") ? closed(reader, readBits(reader)) : readValueText(reader);
  const isPrefix = peek(reader, 1).kind === "number" || peek(reader, 1).text.startsWith("$");
  if (isNext(reader, "/") && isPrefix && (token.kind === "address" || typeof first === "string")) {
    take(reader);
    return placed(reader, token, { prefix: { addr: first, len: readNumber(reader) } });
  }
  if (!takeIf(reader, "-")) return first;
  return placed(reader, token, { range: [first, readValueText(reader)] });
}

function closed(reader: TextReader, value: Json): Json {
  takeExpected(reader, ")");
  return value;
}

/** Reads values whose bits are put together: `syn | ack`. */
function readBits(reader: TextReader): Json {
  const parts = [readValueText(reader)];
  while (takeIf(reader, "|", ",")) parts.push(readValueText(reader));
  return parts.length === 1 ? (parts[0] ?? null) : parts;
}

/** Reads what stands on the right of a comparison or of `define`: a set, a concatenation, or a list. */
export function readRight(reader: TextReader): Json {
  if (isNext(reader, "{")) return readSet(reader);
  const token = peek(reader);
  const parts = [readConcat(reader)];
  while (takeIf(reader, ",", "|")) parts.push(readConcat(reader));
  return placed(reader, token, parts.length === 1 ? (parts[0] ?? null) : parts);
}

function readConcat(reader: TextReader, readPart = readRangeText): Json {
  const token = peek(reader);
  const parts = [readPart(reader)];
  while (takeIf(reader, ".")) parts.push(readPart(reader));
  return parts.length === 1 ? (parts[0] ?? null) : placed(reader, token, { concat: parts });
}

/** Reads `{ 80, 443 }`, `{ 80 : drop, * : accept }`; a set that was defined is taken apart. */
export function readSet(reader: TextReader): Json {
  const token = peek(reader);
  takeExpected(reader, "{");
  const elements: Json[] = [];
  skipLines(reader);
  while (!isNext(reader, "}")) {
    const element = readElement(reader);
    const inner = unwrap(element);
    if (inner?.[0] === "set" && isList(inner[1])) for (const one of inner[1]) elements.push(one);
    else elements.push(element);
    skipLines(reader);
    if (!takeIf(reader, ",")) break;
    skipLines(reader);
  }
  takeExpected(reader, "}");
  return placed(reader, token, { set: elements });
}

function skipLines(reader: TextReader): void {
  while (takeIf(reader, "\n"));
}

function readElement(reader: TextReader): Json {
  const token = peek(reader);
  const value = readConcat(reader, readElementPart);
  const extra = readExtras(reader);
  const key: Json = Object.keys(extra).length === 0 ? value : { elem: { val: value, ...extra } };
  if (!takeIf(reader, ":")) return placed(reader, token, key);
  skipLines(reader);
  const data = readData(reader);
  return placed(reader, token, [key, data]);
}

/** Reads a part of an element, which may be bits that are put together: `syn | ack`. */
function readElementPart(reader: TextReader): Json {
  const token = peek(reader);
  const parts = [readRangeText(reader)];
  while (takeIf(reader, "|")) parts.push(readRangeText(reader));
  return parts.length === 1 ? (parts[0] ?? null) : placed(reader, token, { "|": parts });
}

function readExtras(reader: TextReader): Readonly<Record<string, Json>> {
  const extra: Record<string, Json> = {};
  for (;;) {
    if (isNext(reader, "timeout", "expires")) extra[take(reader).text] = readTime(reader);
    else if (takeIf(reader, "comment")) extra["comment"] = takeName(reader, "a comment");
    else if (takeIf(reader, "counter")) {
      if (takeIf(reader, "packets")) readNumber(reader);
      if (takeIf(reader, "bytes")) readNumber(reader);
    } else return extra;
  }
}

/** Reads a time, `1h30m`, in seconds. */
export function readTime(reader: TextReader): number {
  const token = take(reader);
  const parts = [...token.text.matchAll(/(\d+)(ms|[wdhms])?/g)];
  const seconds: Readonly<Record<string, number>> = { w: 604800, d: 86400, h: 3600, m: 60, s: 1, ms: 0.001 };
  if (parts.map(([part]) => part).join("") !== token.text || parts.length === 0)
    fail(token, `${describeToken(token)} is not a time, as in 1h30m.`);
  return parts.reduce((sum, [, count, unit = "s"]) => sum + Number(count) * (seconds[unit] ?? 1), 0);
}

/** Reads a verdict, or the value of a map. */
function readData(reader: TextReader): Json {
  return readVerdict(reader) ?? readConcat(reader);
}

/** Reads a verdict; null where none is next. */
export function readVerdict(reader: TextReader): Json {
  if (isNext(reader, "accept", "drop", "continue", "return"))
    return placed(reader, peek(reader), { [take(reader).text]: null });
  if (!isNext(reader, "jump", "goto")) return null;
  const token = take(reader);
  return placed(reader, token, { [token.text]: { target: takeName(reader, "a chain's name") } });
}

/** Reads what a map is asked with: its elements in place, or its name. */
export function readMapData(reader: TextReader): Json {
  if (isNext(reader, "{")) return readSet(reader);
  const token = peek(reader);
  const value = readValueText(reader);
  const isMap = (typeof value === "string" && value.startsWith("@")) || isObject(value);
  return isMap ? value : fail(token, `${describeToken(token)} is not a map: write { … } or @NAME.`);
}
