import { isDeepStrictEqual } from "node:util";
import { canonicalAddress, type Family } from "../model/address.ts";
import { BUILT_IN_CHAINS, type TableName } from "../model/iptables-tables.ts";
import type { Match } from "../model/match.ts";
import type { NameLookups } from "../model/name-lookups.ts";
import type { Rule } from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";
import { readShortNetwork } from "./address-words.ts";
import { readCommandWords } from "./command-words.ts";
import { type CutLine, cutLine, fillLine, isPlainPort, type SlotKind } from "./cut-line.ts";
import { chainsOf, findChain, type OpenTables } from "./open-tables.ts";
import { type RuleContext, readRule } from "./rule-text.ts";
import { splitWords } from "./words.ts";

/** Values of each kind, with which a shape is tried before it is used: the first that is another than its own. */
const TRIALS = {
  source: ["203.0.113.77/32", "198.51.100.0/24"],
  destination: ["192.0.2.78/32", "198.51.100.0/24"],
  "source-port": ["54321", "54322"],
  "destination-port": ["54323", "54324"],
  comment: ["landfall-tries", "landfall-tried"],
  jump: ["landfall-tries", "landfall-tried"],
  dnat: ["203.0.113.79:54325", "198.51.100.1:54326"],
} as const satisfies Record<SlotKind, readonly [string, string]>;
/** Shapes that are kept; a text with more has rules that are not alike. */
const SHAPES_AT_MOST = 2_000;
type ReadRule = Pick<Rule, "matches" | "target">;

/** The rule of a shape, and which of its parts each value makes: a match by its place, or the target. */
interface Pattern extends ReadRule {
  readonly places: readonly (number | "target")[];
}

/** Reads rules that differ in their values alone as one. */
export interface AlikeLines {
  /**
   * Reads a line `-A CHAIN …` of a table, and adds its rule to the chain; false, and nothing is done, where it has to be read word by word,
   * since something about it is unusual or wrong.
   */
  read(line: string, number: number, table: TableName, open: OpenTables): boolean;
}

/**
 * Opens a reader of lines as iptables-save prints them by the hundred thousand: the words of one rule of each shape are read
 * ({@link readRule}), and of all others that differ in addresses, ports, comments and chains alone, these. So that no value changes what
 * the rest of a line means, a shape is used only where it gives for other values what reading their words gives.
 */
export function openAlikeLines(names: NameLookups): AlikeLines {
  const patterns: Readonly<Record<Family, Map<string, Pattern | null>>> = { 4: new Map(), 6: new Map() };
  const findPattern = (cut: CutLine, context: RuleContext, table: TableName): Pattern | null => {
    const known = patterns[context.family];
    const found = known.get(cut.shape);
    if (found !== undefined || known.size >= SHAPES_AT_MOST) return found ?? null;
    const made = makePattern(cut, context, table);
    known.set(cut.shape, made);
    return made;
  };
  return {
    read: (line, number, table, open) => {
      const counted = line.startsWith("[") ? /^\[(\d+):(\d+)\] (?=-A )/.exec(line) : null;
      const text = counted ? line.slice(counted[0].length) : line;
      const { family } = open;
      const chains = chainsOf(open, table);
      const hasChain = (name: string) => chains.has(name) && !BUILT_IN_CHAINS[table].includes(name);
      const cut = cutLine(text, family, hasChain);
      const chain = cut && findChain(chains, table, cut.chain);
      const pattern = chain && findPattern(cut, { family, names, hasChain }, table);
      const made = pattern && fill(pattern, cut.values, family);
      if (!made || !leadsOn(made, hasChain)) return false;
      const counters = counted ? { counters: { packets: Number(counted[1]), bytes: Number(counted[2]) } } : {};
      chain.rules.push({ matches: made.matches, target: made.target, ...counters, line: number, text });
      return true;
    },
  };
}

/** Says whether the chain that a rule goes to is there; that it is not is told where words are read. */
function leadsOn({ target }: ReadRule, hasChain: (name: string) => boolean): boolean {
  return target === null || !("chain" in target) || hasChain(target.chain);
}

/** Gives the pattern of a line's shape; null where its rules cannot be made from one. */
function makePattern(cut: CutLine, context: RuleContext, table: TableName): Pattern | null {
  const own = readWords(cut, cut.values, context, table);
  const places = own && cut.kinds.map((kind) => findPlace(own, kind));
  if (!places || places.includes(null) || new Set(places).size < places.length) return null;
  const pattern: Pattern = { ...own, places: places.filter((place) => place !== null) };
  const trial: readonly string[] = cut.kinds.map((kind, i) => {
    const [first, second] = TRIALS[kind];
    return first === cut.values[i] ? second : first;
  });
  const hasChain = (name: string) => trial.includes(name) || context.hasChain(name);
  const other = readWords(cut, trial, { ...context, hasChain }, table);
  const gives = (values: readonly string[], read: ReadRule | null) =>
    read !== null && isDeepStrictEqual(fill(pattern, values, context.family), read);
  return gives(cut.values, own) && gives(trial, other) ? pattern : null;
}

/** Reads the words of a shape with some values in it; null where they do not make one rule and nothing else. */
function readWords(cut: CutLine, values: readonly string[], context: RuleContext, table: TableName): ReadRule | null {
  const split = splitWords(fillLine(cut, values));
  const command = split.kind === "words" ? readCommandWords(split.words, table) : null;
  if (!command || "faults" in command || command.letter !== "A" || command.families.length > 0) return null;
  if (command.chain?.text !== cut.chain) return null;
  const { rules, faults, counters } = readRule(command.rule, context);
  const [rule] = rules;
  if (!rule || rules.length > 1 || faults.length > 0 || counters) return null;
  return { matches: rule.matches, target: rule.target };
}

/** Finds the one part of a rule that a value makes. */
function findPlace({ matches, target }: ReadRule, kind: SlotKind): number | "target" | null {
  if (kind === "jump" || kind === "dnat") return target?.kind === kind ? "target" : null;
  const places = [...matches.keys()].filter((at) => matches[at]?.kind === kind);
  return places.length === 1 ? (places[0] ?? null) : null;
}

/** Gives the rule of a pattern with some values; null where one of them is not what it seems. */
function fill({ matches, target, places }: Pattern, values: readonly string[], family: Family): ReadRule | null {
  const own = matches.slice();
  let end = target;
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number | "target";
    const value = values[i] as string;
    const part = place === "target" ? null : own[place];
    const made = part ? fillMatch(part, value, family) : target && fillTarget(target, value);
    if (made === null) return null;
    if (place === "target") end = made as Target;
    else own[place] = made as Match;
  }
  return { matches: own, target: end };
}

function fillMatch(match: Match, value: string, family: Family): Match | null {
  switch (match.kind) {
    case "source":
    case "destination": {
      const network = readShortNetwork(value, family);
      // A network of every address is no match at all.
      return network === null || network.mask === 0n ? null : { kind: match.kind, negated: match.negated, network };
    }
    case "source-port":
    case "destination-port": {
      const { kind, module, negated } = match;
      return { kind, module, negated, ports: { first: Number(value), last: Number(value) } };
    }
    case "comment":
      return { kind: "comment", text: value };
    default:
      return null;
  }
}

function fillTarget(target: Target, value: string): Target | null {
  if (target.kind === "jump") return { kind: "jump", chain: value };
  if (target.kind !== "dnat") return null;
  const [addressText = "", port = ""] = value.split(":");
  const address = canonicalAddress(addressText);
  if (address === null || !isPlainPort(port)) return null;
  const ports = { first: Number(port), last: Number(port) };
  return { kind: "dnat", addresses: { first: address, last: address }, ports, flags: target.flags };
}
