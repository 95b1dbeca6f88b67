import { isDeepStrictEqual } from "node:util";
import { canonicalAddress, type Family } from "../model/address.ts";
import type { TableName } from "../model/iptables-tables.ts";
import type { Match } from "../model/match.ts";
import type { Rule } from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";
import { readShortNetwork } from "./address-words.ts";
import { readCommandWords } from "./command-words.ts";
import { type CutLine, fillLine, isPlainPort, type LineShape, type SlotKind, shapeOfLine } from "./cut-line.ts";
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
/** What a rule is, without where it stands. */
export type ReadRule = Pick<Rule, "matches" | "target">;

/** The rule of a shape, and which of its parts each value makes: a match by its place, or the target. */
export interface LinePattern extends ReadRule {
  readonly line: LineShape;
  readonly places: readonly (number | "target")[];
  /** Matches that were made already: rules share those of a port. */
  readonly ports: ReadonlyMap<number | "target", Map<string, Match>>;
}

/** Gives the pattern of a line's shape; null where its rules cannot be made from one. */
export function makePattern(cut: CutLine, context: RuleContext, table: TableName): LinePattern | null {
  const own = readWords(cut, cut.values, context, table);
  const places = own && cut.kinds.map((kind) => findPlace(own, kind));
  if (!places || places.includes(null) || new Set(places).size < places.length) return null;
  const pattern: LinePattern = {
    ...own,
    line: shapeOfLine(cut),
    places: places.filter((place) => place !== null),
    ports: new Map(places.flatMap((place) => (place === null ? [] : [[place, new Map()]]))),
  };
  const trial: readonly string[] = cut.kinds.map((kind, i) => {
    const [first, second] = TRIALS[kind];
    return first === cut.values[i] ? second : first;
  });
  const hasChain = (name: string) => trial.includes(name) || context.hasChain(name);
  const other = readWords(cut, trial, { ...context, hasChain }, table);
  const gives = (values: readonly string[], read: ReadRule | null) =>
    read !== null && isDeepStrictEqual(fillPattern(pattern, values, context.family), read);
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
export function fillPattern(
  { matches, target, places, ports }: LinePattern,
  values: readonly string[],
  family: Family,
): ReadRule | null {
  const own = matches.slice();
  let end = target;
  for (let i = 0; i < places.length; i++) {
    const place = places[i] as number | "target";
    const value = values[i] as string;
    if (place === "target") {
      end = target && fillTarget(target, value);
      if (end === null) return null;
      continue;
    }
    const made = fillMatch(own[place] as Match, value, family, ports.get(place));
    if (made === null) return null;
    own[place] = made;
  }
  return { matches: own, target: end };
}

function fillMatch(match: Match, value: string, family: Family, ports: Map<string, Match> | undefined): Match | null {
  switch (match.kind) {
    case "source":
    case "destination": {
      const network = readShortNetwork(value, family);
      // A network of every address is no match at all.
      return network === null || network.mask === 0n ? null : { kind: match.kind, negated: match.negated, network };
    }
    case "source-port":
    case "destination-port": {
      const known = ports?.get(value);
      if (known) return known;
      const { kind, module, negated } = match;
      const made = { kind, module, negated, ports: { first: Number(value), last: Number(value) } };
      ports?.set(value, made);
      return made;
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
