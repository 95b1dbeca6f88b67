import type { Family } from "../model/address.ts";
import { type CompareElement, type CompareKey, makeKey } from "../model/compare.ts";
import type { Match } from "../model/match.ts";
import { listTargets, replaceMatches } from "../model/rule-parts.ts";
import { familyKey, listRules, type Rule, type Ruleset } from "../model/ruleset.ts";
import { subtractRanges, type ValueRanges } from "../model/value-ranges.ts";
import type { IpSet, SetEntry, SetPart } from "./ipset-save.ts";
import { ALWAYS, NEVER } from "./told-matches.ts";

/** A rule set in which matches of known sets are comparisons, and why others are still unknown: a sentence for each set. */
export interface ResolvedSets {
  readonly ruleset: Ruleset;
  readonly notices: readonly string[];
}

/** `-m set ! --match-set NAME src,dst`, with nothing else. */
const MATCH_SET = /^-m set (! )?--match-set (\S+) ((?:src|dst)(?:,(?:src|dst))*)$/;

/**
 * Puts comparisons in the places of a rule set's `-m set` matches, where it is known what is in the set. A match stays unknown where the
 * set is not there, its entries expire, rules change it (`-j SET`), or the match has other options; and where it is negated and asks for
 * ports, since an ICMP packet has none. A rule keeps its text.
 */
export function resolveSets(ruleset: Ruleset, sets: ReadonlyMap<string, IpSet>): ResolvedSets {
  const notices = new Set<string>();
  const changed = new Set(listRules(ruleset).flatMap(listChangedSets));
  const resolve = (match: Match): Match => {
    if (match.kind !== "unknown" || !match.text.startsWith("-m set ")) return match;
    const found = resolveMatch(match.text, ruleset, sets, changed);
    if (typeof found !== "string") return found;
    notices.add(found);
    return match;
  };
  // Most rules name no set; these stay the same object.
  const edit = (rule: Rule): Rule => (rule.matches.some(isOfSet) ? replaceMatches(rule, resolve) : rule);
  const tables = ruleset.tables.map((table) => ({
    ...table,
    chains: table.chains.map((chain) => ({ ...chain, rules: chain.rules.map(edit) })),
  }));
  return { ruleset: { ...ruleset, tables }, notices: [...notices] };
}

function isOfSet(match: Match): boolean {
  return match.kind === "unknown" && match.text.startsWith("-m set ");
}

/** `-j SET --add-set NAME src`, `--del-set`, `--exist`; what is not understood may change any it names. */
function listChangedSets(rule: Rule): readonly string[] {
  return listTargets(rule).flatMap((target) => {
    const options = target.kind === "side-effect" && target.name === "SET" ? target.options : "";
    const text = target.kind === "unknown" ? target.text : options;
    return [...text.matchAll(/--(?:add|del)-set (\S+)/g)].map(([, name = ""]) => name);
  });
}

/** Gives a match, or a sentence that says why it stays unknown. */
function resolveMatch(
  text: string,
  { family }: Ruleset,
  sets: ReadonlyMap<string, IpSet>,
  changed: ReadonlySet<string>,
): Match | string {
  const [, not, name = "", directions = ""] = MATCH_SET.exec(text) ?? [];
  if (name === "") return `what ${text} asks is not known: the match has options that landfall does not read`;
  const unknown = (why: string) => `what is in the set ${name} is not known: ${why}`;
  const flat = flatten(name, sets, []);
  if (typeof flat === "string") return unknown(flat);
  if (flat.names.some((one) => changed.has(one))) return unknown("rules change it (-j SET)");
  const words = directions.split(",");
  // ip_set_test in net/netfilter/ipset/ip_set_core.c: too few directions, or another family, and nothing matches.
  const isAsked = words.length >= flat.parts.length && (flat.family === null || flat.family === family);
  const elements = isAsked ? listElements(flat) : [];
  if (elements === null) return unknown("entries of several parts are marked nomatch");
  if (elements.length === 0) return not ? ALWAYS : NEVER;
  if (not && flat.parts.includes("port")) return unknown("the match is negated and asks for ports");
  const keys = flat.parts.flatMap((part, i) => keysOf(part, words[i] === "src" ? "s" : "d", family));
  return { kind: "compare", keys, operator: not ? "!=" : "==", elements, set: name };
}

/** A set with those that it holds, as one. */
interface FlatSet extends Pick<IpSet, "family" | "entries"> {
  readonly parts: readonly SetPart["kind"][];
  readonly names: readonly string[];
}

function flatten(name: string, sets: ReadonlyMap<string, IpSet>, within: readonly string[]): FlatSet | string {
  const set = sets.get(name);
  if (set === undefined) return "the file of --sets does not have it";
  if (set.doubt !== null || set.parts === null) return set.doubt ?? `the type ${set.type} is not understood`;
  if (set.type !== "list:set") return { ...set, parts: set.parts, names: [name] };
  if (within.includes(name)) return "it holds itself";
  const members = set.members.map((member) => flatten(member, sets, [...within, name]));
  const unknown = members.find((member) => typeof member === "string");
  if (unknown !== undefined) return `of a set that it holds ${unknown}`;
  const known = members.filter((member) => typeof member !== "string");
  const [first] = known;
  const shape = (one: FlatSet) => `${one.parts.join()} ${one.family}`;
  if (known.some((one) => first && shape(one) !== shape(first))) return "it holds sets of several types";
  // A network that one set excludes may be in another.
  if (known.length > 1 && known.some(({ entries }) => entries.some(({ isExcluded }) => isExcluded)))
    return "it holds sets with nomatch entries";
  return {
    parts: first?.parts ?? [],
    family: first?.family ?? null,
    names: [name, ...known.flatMap(({ names }) => names)],
    entries: known.flatMap(({ entries }) => entries),
  };
}

function keysOf(part: SetPart["kind"], side: "s" | "d", family: Family): readonly CompareKey[] {
  if (part === "addresses") return [makeKey(`${familyKey(family)} ${side}addr`)];
  return [makeKey("meta l4proto"), makeKey(`th ${side}port`)];
}

/** One element for each combination of an entry's parts; null where that cannot be said. */
function listElements({ parts, entries }: FlatSet): readonly CompareElement[] | null {
  if (parts.length === 1 && parts[0] === "addresses")
    return joinRanges(entries).map(([first, last]) => [{ first, last }]);
  if (entries.some(({ isExcluded }) => isExcluded)) return null;
  return entries.flatMap(({ parts: own }) =>
    own
      .map(valuesOf)
      .reduce<readonly CompareElement[]>(
        (some, values) => some.flatMap((before) => values.map((value) => [...before, ...value])),
        [[]],
      ),
  );
}

/** An entry about ICMP gives none. */
function valuesOf(part: SetPart): readonly CompareElement[] {
  if (part.kind === "addresses") return part.ranges.map(([first, last]) => [{ first, last }]);
  const ports = { first: BigInt(part.first), last: BigInt(part.last) };
  return part.protocols.map((one) => [{ first: BigInt(one), last: BigInt(one) }, ports]);
}

/** The longest prefix decides, so that shorter ones are laid down first. */
function joinRanges(entries: readonly SetEntry[]): ValueRanges {
  const rangesOf = (some: readonly SetEntry[]) =>
    some.flatMap(({ parts: [part] }) => (part?.kind === "addresses" ? part.ranges : []));
  const byLength = [...Map.groupBy(entries, ({ prefix }) => prefix)].toSorted(([one], [other]) => one - other);
  let known: ValueRanges = [];
  for (const [, some] of byLength) {
    const [excluded, held] = [true, false].map((is) => rangesOf(some.filter(({ isExcluded }) => isExcluded === is)));
    known = subtractRanges(unite([...known, ...(held ?? [])]), excluded ?? []);
  }
  return known;
}

function unite(ranges: ValueRanges): ValueRanges {
  const united: [bigint, bigint][] = [];
  for (const [first, last] of ranges.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    const before = united.at(-1);
    if (before && first <= before[1] + 1n) before[1] = last > before[1] ? last : before[1];
    else united.push([first, last]);
  }
  return united;
}
