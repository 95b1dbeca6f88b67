import { canonicalAddress } from "../../model/address.ts";
import type { CompareMatch } from "../../model/compare.ts";
import type { Match } from "../../model/match.ts";
import { MAX_PORT } from "../../model/pod.ts";
import type { NatTarget, Target } from "../../model/target.ts";
import type { Json, NftContext } from "./ast.ts";
import { typeOfKey } from "./key-types.ts";
import type { Token } from "./lexer.ts";
import { type PatternReading, readKnown, takeApart } from "./pattern-reading.ts";
import { readRange } from "./read-values.ts";
import type { MatchPart, Part, RulePattern } from "./rule-pattern.ts";
import type { RuleBody } from "./text-reader.ts";

/** Gives the rule of a pattern that begins at a word; null where one of its values is not what it seems. */
export function fillRulePattern(pattern: RulePattern, reading: PatternReading, from: number): RuleBody | null {
  const { tokens } = reading.reader;
  const matches: Match[] = [];
  for (const part of pattern.matches) {
    const match = fillMatch(part, pattern, reading, from);
    if (match === null) return null;
    matches.push(match);
  }
  const text = pattern.comment === null ? undefined : tokens[from + pattern.comment]?.text;
  if (text !== undefined) matches.push({ kind: "comment", text });
  const target = pattern.target && fillTarget(pattern.target, pattern, reading, from);
  if (target === null && pattern.target !== null) return null;
  if (pattern.counters === null) return { matches, target };
  const [packets, bytes] = pattern.counters.map((at) => readPlainNumber(tokens, from + at));
  return typeof packets === "number" && typeof bytes === "number"
    ? { matches, target, counters: { packets, bytes } }
    : null;
}

function fillMatch(part: MatchPart, { context }: RulePattern, reading: PatternReading, from: number): Match | null {
  const { own, form } = part;
  if (part.slots.length === 0) return own;
  const { tokens } = reading.reader;
  const make = () =>
    own.kind === "compare" && form !== null
      ? comparePlain(own, readPlainValue(form, tokens, from + part.stop), context)
      : (readPart(part, context, reading, from)?.matches[0] ?? null);
  // Hardly two rules share an address.
  return form === "address" || form === "prefix" ? make() : keepMade(part, tokens, from, make);
}

function fillTarget(
  part: Part<Target>,
  { context }: RulePattern,
  reading: PatternReading,
  from: number,
): Target | null {
  if (part.slots.length === 0) return part.own;
  const { tokens } = reading.reader;
  // Hardly two rules translate to one address and port.
  const plain = part.own.kind === "dnat" ? makeEndPoint(part, part.own, tokens, from) : null;
  if (plain !== null) return plain;
  return keepMade(part, tokens, from, () => {
    const { kind } = part.own;
    if (kind === "jump" || kind === "goto") return { kind, chain: (tokens[from + part.stop - 1] as Token).text };
    return readPart(part, context, reading, from)?.target ?? null;
  });
}

/** Gives a translation like another one, to `10.0.0.1:80`; null where it is written in another way. */
function makeEndPoint(
  { slots, stop }: Part<Target>,
  own: NatTarget,
  tokens: readonly Token[],
  from: number,
): NatTarget | null {
  const [at = 0, portAt = 0] = slots;
  const token = tokens[from + at];
  const isEndPoint = slots.length === 2 && portAt === at + 2 && portAt === stop - 1 && token?.kind === "address";
  if (!isEndPoint || tokens[from + at + 1]?.text !== ":") return null;
  const [address, port] = [canonicalAddress(token.text), readPlainNumber(tokens, from + portAt)];
  if (address === null || port === null || port > MAX_PORT) return null;
  return { ...own, addresses: { first: address, last: address }, ports: { first: port, last: port } };
}

/** Gives what the values of a part make; each set of values is read once. */
function keepMade<T>({ slots, made }: Part<T>, tokens: readonly Token[], from: number, make: () => T | null): T | null {
  const [first = 0] = slots;
  const values =
    slots.length === 1
      ? (tokens[from + first] as Token).text
      : slots.map((at) => (tokens[from + at] as Token).text).join(" ");
  const known = made.get(values);
  if (known !== undefined) return known;
  const own = make();
  if (own !== null) made.set(values, own);
  return own;
}

/** Reads the statements of a part word by word. */
function readPart(part: Part<unknown>, context: NftContext, reading: PatternReading, from: number): RuleBody | null {
  const placed = takeApart(reading, from + part.from, from + part.stop);
  if (placed === null || reading.reader.at !== from + part.stop) return null;
  return readKnown(
    placed.map(({ statement }) => statement),
    reading,
    context,
  );
}

/** Gives a comparison like another one, with a value of its own. */
function comparePlain(match: CompareMatch, value: Json, context: NftContext): CompareMatch | null {
  const [key] = match.keys;
  const range = key === undefined || value === null ? null : readRange(typeOfKey(key), value, context);
  return range && { ...match, elements: [[range]] };
}

/** Reads the value that ends before a word; null where it is written in another way than listings write it. */
function readPlainValue(form: NonNullable<MatchPart["form"]>, tokens: readonly Token[], stop: number): Json {
  if (form === "address") return tokens[stop - 1]?.text ?? null;
  const number = readPlainNumber(tokens, stop - 1);
  if (form === "number" || number === null) return number;
  return { prefix: { addr: tokens[stop - 3]?.text ?? null, len: number } };
}

/** Reads a number in decimal; null for another word, and for one that nft takes for an octal or hexadecimal number. */
function readPlainNumber(tokens: readonly Token[], at: number): number | null {
  const text = tokens[at]?.text ?? "";
  return /^(?:0|[1-9]\d*)$/.test(text) ? Number(text) : null;
}
