import type { Family } from "../model/address.ts";
import { BUILT_IN_CHAINS } from "../model/iptables-tables.ts";
import type { Match, ProtocolMatch } from "../model/match.ts";
import type { Counters, Rule } from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";
import { BASE_OPTIONS, readBaseMatch } from "./base-matches.ts";
import { type ExtensionKind, isKnownName } from "./extensions.ts";
import type { Fault, ReadContext } from "./match-module.ts";
import { MATCH_MODULES, renderMatches, sortMatches } from "./matches.ts";
import { checkOptions, describeSlip } from "./option-check.ts";
import type { Section } from "./option-owner.ts";
import { sortWords } from "./rule-sections.ts";
import { renderTarget, TARGET_MODULES } from "./targets.ts";
import type { Word } from "./words.ts";

/** The options that need no `-m`, as iptables prints them. */
const BASE_ORDER = ["-s", "-d", "-i", "-o", "-p", "-f"];

const BUILT_IN: ReadonlySet<string> = new Set(Object.values(BUILT_IN_CHAINS).flat());

/** What reading a rule needs: its family, its names, and which chains its table has. */
export interface RuleContext extends ReadContext {
  readonly hasChain: (name: string) => boolean;
}

/** What reading a rule's words gives. With faults the rules are not to be used. */
export interface RuleReading {
  /** One rule, or several where `-s` or `-d` lists addresses. */
  readonly rules: readonly Rule[];
  readonly counters: Counters | null;
  /** Where the target's name stands, from 1; null without a target. */
  readonly targetColumn: number | null;
  readonly faults: readonly Fault[];
}

/**
 * Reads a rule's words, those behind `-A CHAIN` (iptables(8), iptables-extensions(8)). What is not understood is kept as text.
 * `-s a,b -d c,d` gives four rules in iptables' order: a to c, a to d, b to c, b to d.
 */
export function readRule(words: readonly Word[], context: RuleContext): RuleReading {
  const sections = sortWords(words, context.family);
  const faults: Fault[] = [...sections.faults];
  const base = sections.base.flatMap((use) => {
    const alternatives = readBaseMatch(use, context);
    if ("kind" in alternatives) faults.push(alternatives);
    return "kind" in alternatives ? [] : [{ slot: BASE_OPTIONS[use.option] ?? "-f", alternatives }];
  });
  const negated = base.flatMap(({ alternatives }) => alternatives).find((match) => isNegatedProtocol(match));
  const matches = sections.matches
    .map((section) => readMatches(section, context, faults))
    .flatMap((found) => (negated ? keepPorts(found, negated.protocol) : found));
  const target = sections.target ? readTarget(sections.target, context, faults) : null;
  const counters = sections.counters ? { counters: sections.counters } : {};
  const rules = combine(base).map((heads) => ({ matches: [...heads, ...matches], target, ...counters }));
  return { rules, counters: sections.counters, targetColumn: sections.target?.column ?? null, faults };
}

function isNegatedProtocol(match: Match | null): match is ProtocolMatch {
  return match?.kind === "protocol" && match.negated;
}

/**
 * Keeps as text what `-m tcp` or `-m udp` says behind a `!` before its own protocol. iptables-nft takes that and compares the bytes where
 * ports would be, whatever the protocol is (`meta l4proto != tcp th dport 80`); iptables-legacy refuses it.
 */
function keepPorts(matches: readonly Match[], protocol: string): readonly Match[] {
  const isOwn = (match: Match) =>
    match.kind === "tcp-flags"
      ? protocol === "tcp"
      : (match.kind === "source-port" || match.kind === "destination-port") &&
        match.module === protocol &&
        (protocol === "tcp" || protocol === "udp");
  const text = renderMatches(matches).join(" ");
  // A bare -m tcp is refused, whose ports are all there are.
  return matches.length > 0 && matches.every(isOwn) && text.includes(" --") ? [{ kind: "unknown", text }] : matches;
}

/** Every choice of one alternative from each; sources vary slowest, then destinations. */
function combine(
  base: readonly { readonly slot: string; readonly alternatives: readonly (Match | null)[] }[],
): readonly Match[][] {
  const inPrintOrder = BASE_ORDER.flatMap((slot) => base.filter((option) => option.slot === slot));
  return inPrintOrder.reduce<Match[][]>(
    (heads, { alternatives }) =>
      heads.flatMap((head) => alternatives.map((match) => (match ? [...head, match] : head))),
    [[]],
  );
}

function readMatches(section: Section, context: ReadContext, faults: Fault[]): readonly Match[] {
  const module = MATCH_MODULES.get(section.name);
  if (!passesCheck(section, "match", context, faults)) return [];
  if (!module || section.reading === "opaque") return [{ kind: "unknown", text: section.raw.join(" ") }];
  const read = module.read(section.uses, context, section.column);
  faults.push(...read.filter((item) => item.kind === "fault"));
  return sortMatches(read.filter((item) => item.kind !== "fault"));
}

/** Looks at what iptables would refuse of a section before anybody reads it; what is wrong is added to the faults. */
function passesCheck(section: Section, kind: ExtensionKind, context: ReadContext, faults: Fault[]): boolean {
  const { name, column, extension } = section;
  const slip = extension ? null : describeSlip(kind, name, context.family);
  const found =
    slip === null
      ? extension
        ? checkOptions(section, extension, context)
        : []
      : [{ kind: "fault" as const, column, message: slip }];
  faults.push(...found);
  return found.length === 0;
}

function readTarget(section: Section, context: RuleContext, faults: Fault[]): Target | null {
  const { name, column, uses } = section;
  if (section.kind === "goto") return { kind: "goto", chain: name };
  const module = TARGET_MODULES.get(name);
  const isTarget = !context.hasChain(name) && (section.extension !== null || isForeignTarget(section));
  if (isTarget && !passesCheck(section, "target", context, faults)) return null;
  if (!isTarget) {
    if (section.reading === "opaque")
      faults.push({ kind: "fault", column, message: `${name} is a chain and takes no options.` });
    return { kind: "jump", chain: name };
  }
  const target = module && section.reading === "understood" ? module.read(uses, context, column) : "opaque";
  if (target === "opaque") return { kind: "unknown", text: section.raw.join(" ") };
  if (target.kind !== "fault") return target;
  faults.push(target);
  return null;
}

/** A name in capitals that is no chain is taken for a target from outside iptables, and so is one with options. */
function isForeignTarget({ name, reading }: Section): boolean {
  if (BUILT_IN.has(name)) return false;
  return reading === "opaque" || isKnownName("target", name) || /^[A-Z][A-Z0-9]+$/.test(name);
}

/**
 * Gives a rule as `iptables -S` prints it; the inverse of {@link readRule}.
 *
 * @example
 * renderRule("ISTIO_INBOUND", rule, 4)   // "-A ISTIO_INBOUND -p tcp -m tcp --dport 22 -j RETURN"
 */
export function renderRule(chain: string, rule: Rule, family: Family): string {
  return ["-A", chain, renderRuleBody(rule, family)].filter((part) => part !== "").join(" ");
}

/** Gives a rule as it is quoted: as its file has it, else as `iptables -S` prints it. */
export function quoteRule(chain: string, rule: Rule, family: Family): string {
  return rule.text ?? renderRule(chain, rule, family);
}

/** Gives a rule without its `-A CHAIN`: what stands behind `-I CHAIN 1` or `-D CHAIN` as well. */
export function renderRuleBody(rule: Rule, family: Family): string {
  const target = rule.target ? [renderTarget(rule.target, family)] : [];
  return [...renderMatches(rule.matches), ...target].join(" ");
}
