import type { Family } from "../model/address.ts";
import { BASE_OPTIONS } from "./base-matches.ts";
import { type Extension, findExtension } from "./extensions.ts";
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
  /** The options that its module reads, under their full names. */
  readonly uses: OptionUse[];
  /** All its options, under their full names. */
  readonly written: OptionUse[];
  /** All its words as written. */
  readonly raw: string[];
  /** The options that iptables knows of it; null where it does not come with iptables. */
  readonly extension: Extension | null;
  /** `opaque`: it has an option that is not understood, and is kept as text as a whole. */
  reading: "understood" | "opaque";
}

/** A rule's words, sorted by whom they belong to; nothing of them is read yet. */
export interface RuleSections {
  readonly family: Family;
  readonly base: OptionUse[];
  readonly matches: Section[];
  target: Section | null;
  counters: { readonly packets: number; readonly bytes: number } | null;
  readonly faults: Fault[];
}

/** Who an option belongs to, its full name, and how many words it takes. */
export interface OptionOwner {
  readonly section: Section;
  readonly option: string;
  readonly words: 0 | 1 | 2;
  /** Whether the section's module reads it; otherwise it is known to exist, and kept as text. */
  readonly isRead: boolean;
}

/** Modules that `-p` loads by itself, where their name is another than the protocol's. */
const PROTOCOL_MODULES: Readonly<Record<string, string>> = { "ipv6-icmp": "icmp6", "mobility-header": "mh" };

/** Opens a section; it is kept as text where landfall has no words for what it names. */
export function makeSection(
  { family }: Pick<RuleSections, "family">,
  { kind, name, column, raw }: Pick<Section, "kind" | "name" | "column" | "raw">,
): Section {
  const extension = kind === "goto" ? null : findExtension(kind === "match" ? "match" : "target", name, family);
  const isRead = kind !== "match" || MATCH_MODULES.has(name);
  return { kind, name, column, uses: [], written: [], raw, extension, reading: isRead ? "understood" : "opaque" };
}

/**
 * Finds the section that knows an option: the one before it, else another one of the rule, the last first, as iptables merges their options
 * (libxtables/xtables.c, `xtables_merge_options`), else the module that `-p` loads. A unique beginning of a name will do.
 */
export function findOwner(all: RuleSections, current: Section | null, text: string): OptionOwner | null {
  const own = current && ownOption(current, text);
  if (own) return own;
  const others = [...all.matches.toReversed(), ...(all.target ? [all.target] : [])].filter((each) => each !== current);
  for (const section of others) {
    const owner = ownOption(section, text);
    if (owner) return owner;
  }
  const name = impliedModule(all);
  if (name === null || all.matches.some((section) => section.name === name)) return null;
  const implied = makeSection(all, { kind: "match", name, column: 1, raw: ["-m", name] });
  const owner = ownOption(implied, text);
  if (owner) all.matches.push(implied);
  return owner;
}

function takesOf({ kind, name }: Section): Readonly<Record<string, 0 | 1 | 2>> {
  const modules = kind === "match" ? MATCH_MODULES : TARGET_MODULES;
  return modules.get(name)?.takes ?? {};
}

function ownOption(section: Section, text: string): OptionOwner | null {
  const takes = takesOf(section);
  const isName = Object.hasOwn(takes, text) || hasExactOption(section, text);
  const begun = isName ? [text] : listBegun(section, text);
  const [option] = begun;
  const isOne =
    option !== undefined && new Set(begun.map((name) => section.extension?.get(name)?.same ?? name)).size === 1;
  if (!isOne) return null;
  const isRead = Object.hasOwn(takes, option);
  return { section, option, words: takes[option] ?? section.extension?.get(option)?.words ?? 0, isRead };
}

/** Gives the options of a section whose names begin so, each once. */
function listBegun(section: Section, text: string): readonly string[] {
  if (text.length <= 3) return [];
  const names = new Set([...Object.keys(takesOf(section)), ...(section.extension?.keys() ?? [])]);
  return [...names].filter((name) => name.startsWith(text));
}

/** Says whether a section has an option of exactly this name, so that it is not one of those that need no `-m`. */
export function hasExactOption(section: Section | null, text: string): boolean {
  return section?.extension?.has(text) ?? false;
}

function impliedModule(all: RuleSections): string | null {
  const use = all.base.find((candidate) => BASE_OPTIONS[candidate.option] === "-p");
  const protocol = use && canonicalProtocol(use.values[0] ?? "");
  return protocol ? (PROTOCOL_MODULES[protocol] ?? protocol) : null;
}

/** Gives the section of the module that `-p` loads, without opening it, to say what options it has; null where none is named. */
export function peekImpliedSection(all: RuleSections): Section | null {
  const name = impliedModule(all);
  const section = name === null ? null : makeSection(all, { kind: "match", name, column: 1, raw: [] });
  return section?.extension ? section : null;
}

/**
 * Opens the section of the module that `-p` loads, for an option that only it can know; null where no protocol is named yet, and where
 * iptables knows the module, in either family, and so all of its options.
 */
export function openImpliedSection(all: RuleSections, head: Word): Section | null {
  const name = impliedModule(all);
  if (name === null) return null;
  const section = makeSection(all, { kind: "match", name, column: head.column, raw: ["-m", name] });
  if (section.extension || findExtension("match", name, all.family === 4 ? 6 : 4)) return null;
  section.reading = "opaque";
  all.matches.push(section);
  return section;
}
