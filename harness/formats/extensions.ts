import type { Family } from "../model/address.ts";
import {
  MATCH_OPTIONS,
  MATCH_OPTIONS_4,
  MATCH_OPTIONS_6,
  TARGET_OPTIONS,
  TARGET_OPTIONS_4,
  TARGET_OPTIONS_6,
} from "./extension-options.ts";

/** What an option's value is, as libxtables checks it (`XTTYPE_…` in xtables.h, 1.8.9); `text` is checked by the extension itself. */
export type ValueKind =
  | "flag"
  | "u8"
  | "u16"
  | "u32"
  | "u64"
  | "u8-range"
  | "u16-range"
  | "u32-range"
  | "u64-range"
  | "fraction"
  | "text"
  | "text2"
  | "tos"
  | "mark"
  | "level"
  | "address"
  | "network"
  | "protocol"
  | "port"
  | "port-range"
  | "length"
  | "length-or-mask"
  | "mac"
  | "mac-mask";

/** What iptables knows of one option of an extension. */
export interface OptionFacts {
  /** With its dashes: `--dport`. */
  readonly option: string;
  /** The name of the same option that the others are named by. */
  readonly same: string;
  readonly takes: ValueKind;
  /** How many words its value has. */
  readonly words: 0 | 1 | 2;
  /** The least and the greatest number, or of a text the fewest letters; null where its kind says it. */
  readonly least: number | null;
  readonly most: number | null;
  readonly inverts: boolean;
  readonly isNeeded: boolean;
  readonly isRepeatable: boolean;
  /** Options that cannot stand beside it, and such as have to. */
  readonly excludes: readonly string[];
  readonly requires: readonly string[];
}

/** The options of one match or target by name. */
export type Extension = ReadonlyMap<string, OptionFacts>;

/** What `-m` names, or what `-j` names. */
export type ExtensionKind = "match" | "target";

const TABLES: Readonly<Record<ExtensionKind, readonly Readonly<Record<string, string>>[]>> = {
  match: [MATCH_OPTIONS, MATCH_OPTIONS_4, MATCH_OPTIONS_6],
  target: [TARGET_OPTIONS, TARGET_OPTIONS_4, TARGET_OPTIONS_6],
};
/** Targets that need no extension (`libxt_standard`); they take no option. */
const STANDARD_TARGETS: readonly string[] = ["ACCEPT", "DROP", "RETURN", "QUEUE"];

/**
 * Matches and targets that iptables does not come with and that are in use: xtables-addons 3.24, OpenWrt, older kernels. They are kept as
 * text; a name that is not on this list and differs from a known one in a letter or two is taken for a slip.
 */
const FOREIGN: Readonly<Record<ExtensionKind, readonly string[]>> = {
  match: [
    ...["account", "asn", "condition", "fuzzy", "geoip", "gradm", "iface", "ipp2p", "ipv4options", "layer7", "length2"],
    ...["lscan", "mport", "ndpi", "nth", "pknock", "psd", "quota2", "random", "tls", "unclean", "webstr", "dns", "id"],
  ],
  target: [
    ...["ACCOUNT", "CHAOS", "DELUDE", "DHCPMAC", "DNETMAP", "ECHO", "FLOWOFFLOAD", "FULLCONE", "FULLCONENAT", "IMQ"],
    ...[
      "IPMARK",
      "IPV4OPTSSTRIP",
      "LOGMARK",
      "MIRROR",
      "NDPI",
      "PROTO",
      "ROUTE",
      "SAME",
      "SYSRQ",
      "TARPIT",
      "XOR",
      "NAT",
    ],
  ],
};

const CACHE: Readonly<Record<ExtensionKind, Readonly<Record<Family, Map<string, Extension | null>>>>> = {
  match: { 4: new Map(), 6: new Map() },
  target: { 4: new Map(), 6: new Map() },
};

/**
 * Gives the options of a match or target that iptables comes with, for one family; null where it has none of that name.
 *
 * @example
 * findExtension("match", "tcp", 4)?.get("--dport")
 * // { option: "--dport", same: "--destination-port", takes: "text", words: 1, inverts: true, isNeeded: false, … }
 */
export function findExtension(kind: ExtensionKind, name: string, family: Family): Extension | null {
  const cache = CACHE[kind][family];
  const cached = cache.get(name);
  if (cached !== undefined) return cached;
  const text = findText(kind, name, family);
  const made = text === null ? null : new Map(text.split("; ").filter(Boolean).map(readFacts));
  // Names that are none can be many.
  if (made) cache.set(name, made);
  return made;
}

function findText(kind: ExtensionKind, name: string, family: Family): string | null {
  if (kind === "target" && STANDARD_TARGETS.includes(name)) return "";
  const [both = {}, four = {}, six = {}] = TABLES[kind];
  const table = [both, family === 4 ? four : six].find((candidate) => Object.hasOwn(candidate, name));
  return table?.[name] ?? null;
}

const NAMES: Readonly<Record<ExtensionKind, readonly string[]>> = {
  match: TABLES.match.flatMap((table) => Object.keys(table)),
  target: [...STANDARD_TARGETS, ...TABLES.target.flatMap((table) => Object.keys(table))],
};
const KNOWN: Readonly<Record<ExtensionKind, ReadonlySet<string>>> = {
  match: new Set([...NAMES.match, ...FOREIGN.match]),
  target: new Set([...NAMES.target, ...FOREIGN.target]),
};

/** Gives every name of a kind that iptables comes with, in either family. */
export function listExtensions(kind: ExtensionKind): readonly string[] {
  return NAMES[kind];
}

/** Says whether a name is one that is known to exist, with iptables or outside of it. */
export function isKnownName(kind: ExtensionKind, name: string): boolean {
  return KNOWN[kind].has(name);
}

/** Reads one option of the table: `ttl-eq! u8 not ttl-lt ttl-gt`. */
function readFacts(text: string): readonly [string, OptionFacts] {
  const [head = "", kind = "flag", ...rest] = text.split(" ");
  const [, name = "", signs = "", same = name] = /^([\w-]+)([!+*]*)(?:=([\w-]+))?$/.exec(head) ?? [];
  const takes = kind as ValueKind;
  const [, least, most] = /^(\d+)\.\.(\d*)$/.exec(rest[0] ?? "") ?? [];
  const listAfter = (word: string) => {
    const from = rest.indexOf(word);
    if (from < 0) return [];
    const others = rest.slice(from + 1);
    const end = others.findIndex((one) => one === "not" || one === "with");
    return others.slice(0, end < 0 ? others.length : end).map((one) => `--${one}`);
  };
  const facts: OptionFacts = {
    option: `--${name}`,
    same: `--${same}`,
    takes,
    words: takes === "flag" ? 0 : takes === "text2" ? 2 : 1,
    least: least === undefined ? null : Number(least),
    most: most === undefined || most === "" ? null : Number(most),
    inverts: signs.includes("!"),
    isNeeded: signs.includes("+"),
    isRepeatable: signs.includes("*"),
    excludes: listAfter("not"),
    requires: listAfter("with"),
  };
  return [`--${name}`, facts];
}
