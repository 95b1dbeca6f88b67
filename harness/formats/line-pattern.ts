import { isDeepStrictEqual } from "node:util";
import { readFourParts, renderFourParts } from "../model/four-parts.ts";
import type { TableName } from "../model/iptables-tables.ts";
import type { Match } from "../model/match.ts";
import type { Rule } from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";
import { readCommandWords } from "./command-words.ts";
import {
  CHAIN_AT,
  type CutLine,
  fillLine,
  findEnd,
  type HasChain,
  isPlainName,
  isPlainQuote,
  isPlainWord,
  type LineShape,
  type SlotKind,
  shapeOfLine,
} from "./cut-line.ts";
import { readPlainNetwork, readPlainPort } from "./plain-values.ts";
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
  readonly ports: ReadonlyMap<number | "target", Map<number, Match>>;
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
    ports: new Map(places.flatMap((place) => (place === null ? [] : [[place, new Map<number, Match>()]]))),
  };
  const trial: readonly string[] = cut.kinds.map((kind, i) => {
    const [first, second] = TRIALS[kind];
    return first === cut.values[i] ? second : first;
  });
  const hasChain = (name: string) => trial.includes(name) || context.hasChain(name);
  const other = readWords(cut, trial, { ...context, hasChain }, table);
  const gives = (values: readonly string[], read: ReadRule | null) =>
    read !== null &&
    isDeepStrictEqual(readLike(fillLine(cut, values), CHAIN_AT + cut.chain.length, pattern, hasChain), read);
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

/**
 * Gives the rule of a line that is like those of a pattern; null where it is not, or where a value is not written in its plain form. `from`
 * is where the name of the line's chain ends.
 */
export function readLike(text: string, from: number, pattern: LinePattern, hasChain: HasChain): ReadRule | null {
  const { form, targets, places } = pattern.line;
  // One look at the whole line takes a third of the time of comparing its pieces.
  form.lastIndex = from;
  if (!form.test(text) || targets.some(hasChain)) return null;
  const matches = pattern.matches.slice();
  let { target } = pattern;
  let until = from;
  for (let i = 0; i < places.length; i++) {
    const { gap, isQuoted } = places[i] as (typeof places)[number];
    const start = until + gap;
    until = isQuoted ? text.indexOf('"', start) : findEnd(text, start);
    const place = pattern.places[i] as number | "target";
    if (place === "target") {
      target = target && fillTarget(target, text, start, until, hasChain);
      if (target === null) return null;
    } else {
      const match = fillMatch(matches[place] as Match, text, start, until, pattern.ports.get(place));
      if (match === null) return null;
      matches[place] = match;
    }
  }
  return { matches, target };
}

function fillMatch(
  match: Match,
  text: string,
  from: number,
  until: number,
  ports: Map<number, Match> | undefined,
): Match | null {
  switch (match.kind) {
    case "source":
    case "destination": {
      const network = readPlainNetwork(text, from, until);
      return network && { kind: match.kind, negated: match.negated, network };
    }
    case "source-port":
    case "destination-port": {
      const port = readPlainPort(text, from, until);
      const known = port === null ? null : ports?.get(port);
      if (port === null || known) return known ?? null;
      const { kind, module, negated } = match;
      const made = { kind, module, negated, ports: { first: port, last: port } };
      ports?.set(port, made);
      return made;
    }
    case "comment": {
      const comment = text.slice(from, until);
      const isPlain = text.charCodeAt(until) === QUOTE ? isPlainQuote(comment) : isPlainWord(comment);
      return isPlain ? { kind: "comment", text: comment } : null;
    }
    default:
      return null;
  }
}

const QUOTE = '"'.charCodeAt(0);

function fillTarget(target: Target, text: string, from: number, until: number, hasChain: HasChain): Target | null {
  if (target.kind === "jump") {
    const chain = text.slice(from, until);
    return isPlainName(chain) && hasChain(chain) ? { kind: "jump", chain } : null;
  }
  const colon = text.indexOf(":", from);
  if (target.kind !== "dnat" || colon < 0) return null;
  const value = readFourParts(text, from, colon);
  const port = readPlainPort(text, colon + 1, until);
  if (value < 0 || port === null) return null;
  // A text of its own, which an analysis reads faster than a part of the line.
  const address = renderFourParts(value);
  const ports = { first: port, last: port };
  return { kind: "dnat", addresses: { first: address, last: address }, ports, flags: target.flags };
}
