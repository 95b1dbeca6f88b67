import type { TableFamily } from "../../model/ruleset.ts";
import { fillRulePattern } from "./fill-pattern.ts";
import type { Token } from "./lexer.ts";
import { openPatternReading } from "./pattern-reading.ts";
import { recallReadRules } from "./read-before.ts";
import { makeRulePattern, type RulePattern } from "./rule-pattern.ts";
import { endsRule, shapeOfWord } from "./rule-shape.ts";
import type { AlikeRules } from "./text-reader.ts";

/** Words of shapes that are kept; a text with more has rules that are not alike. */
const WORDS_AT_MOST = 20_000;

/** How rules begin, as a tree: behind `ip` and `daddr` any address. */
interface Shape {
  readonly next: Map<string, Shape>;
  /** What rules that end here are read by. `unseen`, `once`: how many there were; `unlike`: they are read word by word. */
  pattern: RulePattern | "unseen" | "once" | "unlike";
}

/**
 * Opens a reader of rules as listings have them by the ten thousand. The statements of one rule of each shape are taken apart; of all
 * others, whose words differ in addresses, numbers, comments and names of chains alone, these values are read
 * ({@link makeRulePattern}). Rules with sets, definitions, chains in braces or names of the machine are always read word by word.
 */
export function openAlikeRules(text: string, tokens: readonly Token[]): AlikeRules {
  const reading = openPatternReading(text, tokens);
  const roots: Readonly<Record<TableFamily, Shape>> = { ip: openShape(), ip6: openShape(), inet: openShape() };
  const recall = recallReadRules();
  const textOf = (from: number, stop: number) =>
    text.slice((tokens[from] as Token).start, (tokens[stop - 1] as Token).stop);
  let words = 0;
  const follow = (shape: Shape, word: string): Shape | null => {
    const known = shape.next.get(word);
    if (known !== undefined) return known;
    if (++words > WORDS_AT_MOST) return null;
    const made = openShape();
    shape.next.set(word, made);
    return made;
  };
  /** Gives the pattern that a rule has, if it has one by now. */
  const findPattern = (shape: Shape, from: number, stop: number, family: TableFamily): RulePattern | null => {
    if (shape.pattern === "once") shape.pattern = makeRulePattern(reading, from, stop, family) ?? "unlike";
    if (shape.pattern === "unseen") shape.pattern = "once";
    return typeof shape.pattern === "string" ? null : shape.pattern;
  };
  return {
    read: (from, family) => {
      let shape = roots[family];
      const stop = findRuleEnd(tokens, from);
      const known = stop > from && recall(textOf(from, stop), family);
      if (known) return { ...known, stop };
      for (let at = from; at < stop; at++) {
        const word = shapeOfWord(tokens, at);
        const next = word === null ? null : follow(shape, word);
        if (next === null) return null;
        shape = next;
      }
      const pattern = findPattern(shape, from, stop, family);
      const read = pattern && fillRulePattern(pattern, reading, from);
      return pattern && read && { read, kinds: pattern.kinds, stop };
    },
  };
}

function findRuleEnd(tokens: readonly Token[], from: number): number {
  let stop = from;
  while (!endsRule(tokens[stop] as Token)) stop++;
  return stop;
}

function openShape(): Shape {
  return { next: new Map(), pattern: "unseen" };
}
