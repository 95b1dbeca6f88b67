import { BASE_OPTIONS } from "./base-matches.ts";
import type { Fault, OptionUse } from "./match-module.ts";
import { MATCH_MODULES } from "./matches.ts";
import { canonicalProtocol } from "./protocols.ts";
import { TARGET_MODULES } from "./targets.ts";
import type { Word } from "./words.ts";

/** One `-m NAME`, `-j NAME` or `-g NAME` with the options behind it. */
export interface Section {
  readonly kind: "match" | "jump" | "goto";
  readonly name: string;
  /** Where the name stands, from 1. */
  readonly column: number;
  readonly uses: OptionUse[];
  /** All its words as written. */
  readonly raw: string[];
  /** `opaque`: it has an option that is not understood, and is kept as text as a whole. */
  reading: "understood" | "opaque";
}

/** A rule's words, sorted by whom they belong to; nothing of them is read yet. */
export interface RuleSections {
  readonly base: OptionUse[];
  readonly matches: Section[];
  target: Section | null;
  counters: { readonly packets: number; readonly bytes: number } | null;
  readonly faults: Fault[];
}

type Takes = Readonly<Record<string, 0 | 1 | 2>>;
/** Modules that `-p` loads by itself, where their name is another than the protocol's. */
const PROTOCOL_MODULES: Readonly<Record<string, string>> = { "ipv6-icmp": "icmp6", "mobility-header": "mh" };

/** Finds the section that knows an option: the one before it, or the module its `-p` loads. A unique beginning of a name will do. */
export function findOwner(all: RuleSections, current: Section | null, text: string) {
  const own = current && modulesOf(current.kind).has(current.name) ? ownedOption(current, text) : null;
  if (own) return own;
  const implied = current?.reading === "opaque" && current.kind === "match" ? null : impliedModule(all);
  if (!implied || !(text in (MATCH_MODULES.get(implied)?.takes ?? {}))) return null;
  const open = all.matches.find((section) => section.name === implied);
  const section: Section = open ?? {
    kind: "match",
    name: implied,
    column: 1,
    uses: [],
    raw: ["-m", implied],
    reading: "understood",
  };
  if (!open) all.matches.push(section);
  return ownedOption(section, text);
}

function modulesOf(kind: Section["kind"]): ReadonlyMap<string, { readonly takes: Takes }> {
  return kind === "match" ? MATCH_MODULES : TARGET_MODULES;
}

function ownedOption(section: Section, text: string) {
  const takes = modulesOf(section.kind).get(section.name)?.takes ?? {};
  const near = text in takes ? [text] : Object.keys(takes).filter((name) => text.length > 3 && name.startsWith(text));
  const [option, ...others] = near;
  return option !== undefined && others.length === 0 ? { section, option, takes } : null;
}

function impliedModule(all: RuleSections): string | null {
  const use = all.base.find((candidate) => BASE_OPTIONS[candidate.option] === "-p" && !candidate.negated);
  const protocol = use && canonicalProtocol(use.values[0] ?? "");
  return protocol ? (PROTOCOL_MODULES[protocol] ?? protocol) : null;
}

/** Opens the section of the module that `-p` loads, for an option that only it can know; null where no protocol is named yet. */
export function openImpliedSection(all: RuleSections, head: Word): Section | null {
  const name = impliedModule(all);
  if (name === null) return null;
  const section: Section = { kind: "match", name, column: head.column, uses: [], raw: ["-m", name], reading: "opaque" };
  all.matches.push(section);
  return section;
}
