import { type Family, parseAddress, parseNetwork } from "../model/address.ts";
import { PROTOCOL_NUMBERS } from "../model/compare.ts";
import { codedFinding, type Finding, type Parsed } from "../model/finding.ts";
import { networkRanges, type ValueRanges } from "../model/value-ranges.ts";
import type { TimedSets } from "./nft/ast.ts";

/** One part of an entry: addresses, or a protocol with its ports (`tcp:80`). */
export type SetPart =
  | { readonly kind: "addresses"; readonly ranges: ValueRanges }
  | { readonly kind: "port"; readonly protocols: readonly number[]; readonly first: number; readonly last: number };

/** An entry of a set. `isExcluded`: marked `nomatch`, what it names is not in the set. */
export interface SetEntry {
  readonly parts: readonly SetPart[];
  readonly isExcluded: boolean;
  /** How many bits of its network are fixed: of two entries the one with more decides. */
  readonly prefix: number;
}

/** A set as `ipset save` prints it. */
export interface IpSet {
  readonly name: string;
  /** `hash:net`, `list:set`. */
  readonly type: string;
  /** What the parts of an entry are, in order: `["addresses", "port"]` of `hash:ip,port`. Null: a type that is not understood. */
  readonly parts: readonly SetPart["kind"][] | null;
  /** Null for a set of ports alone, or of sets. */
  readonly family: Family | null;
  readonly entries: readonly SetEntry[];
  /** Names of the sets that a `list:set` holds. */
  readonly members: readonly string[];
  /** Why what is in it is not known, in words; null where it is. */
  readonly doubt: string | null;
}

/** By type what the parts of an entry are (ipset(8)); others are kept, and what asks for them is unknown. */
const PARTS: Readonly<Record<string, IpSet["parts"]>> = {
  "hash:ip": ["addresses"],
  "hash:net": ["addresses"],
  "bitmap:ip": ["addresses"],
  "bitmap:port": ["port"],
  "hash:ip,port": ["addresses", "port"],
  "hash:net,port": ["addresses", "port"],
  "hash:net,net": ["addresses", "addresses"],
  "hash:ip,port,ip": ["addresses", "port", "addresses"],
  "hash:ip,port,net": ["addresses", "port", "addresses"],
  "hash:net,port,net": ["addresses", "port", "addresses"],
  "list:set": [],
};
const MAX_PORT = 65535;

/**
 * Reads what `ipset save` prints: `create` and `add` lines. Gives the sets by name, or every line that is wrong. A set is kept with a doubt
 * where its type is not understood, its entries expire (unless they are to count as they are listed), or it looks at marks or masks.
 *
 * @example
 * readIpsets("create a hash:net family inet\nadd a 10.0.0.0/8\n", "sets.txt")
 */
export function readIpsets(
  text: string,
  where: string,
  timedSets: TimedSets = "unknown",
): Parsed<ReadonlyMap<string, IpSet>> {
  const findings: Finding[] = [];
  const sets = new Map<string, OpenSet>();
  for (const [i, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    const fault = line === "" || line.startsWith("#") ? null : readLine(line, sets, timedSets);
    if (fault !== null) findings.push(codedFinding("malformed-text", where, fault, i + 1, 1));
  }
  if (findings.length > 0) return { ok: false, findings };
  const read = [...sets].map(([name, { set, entries, members }]) => [name, { ...set, entries, members }] as const);
  return { ok: true, value: new Map(read) };
}

/** Gives what is wrong with a line, or null. */
function readLine(line: string, sets: Map<string, OpenSet>, timedSets: TimedSets): string | null {
  const [verb = "", name = "", third = "", ...options] = line.split(/\s+/);
  const known = sets.get(name);
  if (third === "" || (verb !== "create" && verb !== "add"))
    return "This is not a line of ipset save: create NAME TYPE … or add NAME ENTRY …; correct it or remove it.";
  if (verb === "add")
    return known
      ? addEntry(known, third, options, timedSets)
      : `The set ${name} is not created above this line; add its create line.`;
  if (known) return `The set ${name} is created twice; remove one of the two.`;
  const netmask = valueBehind(options, "netmask");
  const bits = netmask === undefined ? null : Number(netmask);
  sets.set(name, { set: describeSet(name, third, options), entries: [], members: [], bits });
  return null;
}

function valueBehind(options: readonly string[], name: string): string | undefined {
  const at = options.indexOf(name);
  return at < 0 ? undefined : options[at + 1];
}

function describeSet(name: string, type: string, options: readonly string[]): Omit<IpSet, "entries" | "members"> {
  const parts = Object.hasOwn(PARTS, type) ? (PARTS[type] ?? null) : null;
  const isOfAddresses = parts?.includes("addresses") ?? false;
  const family = valueBehind(options, "family") === "inet6" ? 6 : 4;
  const masks = ["bitmask", "markmask"].find((option) => options.includes(option));
  const doubt =
    parts === null
      ? `the type ${type} is not understood`
      : masks === undefined
        ? null
        : `its ${masks} is not understood`;
  return { name, type, parts, family: isOfAddresses ? family : null, doubt };
}

interface OpenSet {
  set: Omit<IpSet, "entries" | "members">;
  readonly entries: SetEntry[];
  readonly members: string[];
  readonly bits: number | null;
}

/** Gives what is wrong with an entry, or null. */
function addEntry(known: OpenSet, text: string, options: readonly string[], timedSets: TimedSets): string | null {
  const { set, entries, members, bits } = known;
  const timeout = valueBehind(options, "timeout");
  const isTimed = timeout !== undefined && timeout !== "0";
  if (isTimed && timedSets === "unknown") known.set = { ...set, doubt: "its entries expire" };
  if (set.parts === null) return null;
  if (set.type === "list:set") {
    members.push(text);
    return null;
  }
  const words = text.split(",");
  const parts = set.parts.map((kind, i) =>
    kind === "port" ? readPort(words[i] ?? "", set.type) : readAddresses(words[i] ?? "", set.family ?? 4, bits),
  );
  const isWhole = words.length === set.parts.length && parts.every((part) => part !== null);
  if (!isWhole) return `"${text}" is not an entry of a set of type ${set.type}; correct it or remove the line.`;
  const prefix = Number((words[0] ?? "").split("/")[1] ?? 128);
  entries.push({ parts: parts.filter((part) => part !== null), isExcluded: options.includes("nomatch"), prefix });
  return null;
}

function readAddresses(word: string, family: Family, bits: number | null): SetPart | null {
  const [first, last, ...more] = word
    .split("-")
    .map((one) => parseNetwork(bits !== null && !one.includes("/") ? `${one}/${bits}` : one));
  if (!first || first.family !== family || more.length > 0 || last === null) return null;
  if (last === undefined) return { kind: "addresses", ranges: networkRanges(first) };
  const [low, high] = [first.value, parseAddress(word.split("-")[1] ?? "")?.value];
  return high === undefined || high < low ? null : { kind: "addresses", ranges: [[low, high]] };
}

/** `tcp:80`, `80` (TCP), `udp:1000-2000`; a bitmap of ports is one of TCP's and UDP's. Names of services are not in what ipset saves. */
function readPort(word: string, type: string): SetPart | null {
  const [, name = "tcp", from = "", to = from] = /^(?:([a-z0-9-]+):)?(\d{1,5})(?:-(\d{1,5}))?$/.exec(word) ?? [];
  const number = Object.entries(PROTOCOL_NUMBERS).find(([one]) => one === name)?.[1] ?? Number.NaN;
  const [first, last] = [Number(from), Number(to)];
  if (from === "" || last > MAX_PORT || first > last)
    return ICMP.test(word) ? { kind: "port", protocols: [], first: 0, last: 0 } : null;
  const isBitmap = type === "bitmap:port";
  if (!isBitmap && Number.isNaN(number)) return null;
  return { kind: "port", protocols: isBitmap ? [PROTOCOL_NUMBERS.tcp, PROTOCOL_NUMBERS.udp] : [number], first, last };
}

/** An entry about ICMP holds no packet of TCP or UDP. */
const ICMP = /^(icmp|icmpv6|ipv6-icmp):/;
