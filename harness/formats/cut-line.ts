import type { Family } from "../model/address.ts";
import { readPlainPort } from "./plain-values.ts";

/** What a value of a rule is, by the part of the rule that it makes. */
export type SlotKind = "source" | "destination" | "source-port" | "destination-port" | "comment" | "jump" | "dnat";

/** Values in which rules of large sets differ, by the option before them; what any other option has is part of the shape. */
const SLOTS: ReadonlyMap<string, SlotKind> = new Map([
  ["-s", "source"],
  ["-d", "destination"],
  ["--sport", "source-port"],
  ["--dport", "destination-port"],
  ["--comment", "comment"],
  ["-j", "jump"],
  ["--to-destination", "dnat"],
]);
/** What a shape has in place of a value, without quotes and in quotes. */
const [PLAIN, QUOTED] = ["\0", "\0q"];
/** Longer lines, and longer comments, are read word by word: iptables-restore has limits for them. */
export const LINE_AT_MOST = 1_000;
const COMMENT_AT_MOST = 80;
const DASH = "-".charCodeAt(0);
/** Where the chain's name begins: behind `-A `. */
export const CHAIN_AT = 3;

/** Says whether a table has a chain of this name that rules can jump to. */
export type HasChain = (name: string) => boolean;

/** A rule's line `-A CHAIN …` with its values taken out. */
export interface CutLine {
  readonly chain: string;
  /** What stands behind the chain, with {@link PLAIN} or {@link QUOTED} for each value. */
  readonly shape: string;
  readonly kinds: readonly SlotKind[];
  readonly values: readonly string[];
}

/** What lines of one shape have in common, ready to be held against the next ones. */
export interface LineShape extends Pick<CutLine, "shape" | "kinds"> {
  /** Names behind `-j` that are in the shape, since the table has no such chain. */
  readonly targets: readonly string[];
  /** Holds for a line of the shape, any word in the place of each value, from where its chain's name ends. */
  readonly form: RegExp;
  /** For each value, how much text stands before it from the value before on, and whether it stands in quotes. */
  readonly places: readonly { readonly gap: number; readonly isQuoted: boolean }[];
}

/**
 * Cuts out of a line the values that are written so that each can be one thing only; null where the line is not one of iptables-save that
 * adds a rule, is too long, or has quotes that are not those of one plain comment. `hasChain` says whether the table has a chain.
 *
 * @example
 * cutLine("-A MINE -d 10.0.0.1/32 -p tcp -m tcp --dport 80 -j RETURN", 4, () => false)
 * // { chain: "MINE", shape: " -d \0 -p tcp -m tcp --dport \0 -j RETURN", kinds: ["destination", "destination-port"],
 * //   values: ["10.0.0.1/32", "80"] }
 */
export function cutLine(text: string, family: Family, hasChain: HasChain): CutLine | null {
  const name = findChainEnd(text);
  if (name === null || text.includes(PLAIN)) return null;
  const chain = text.slice(CHAIN_AT, name);
  const kinds: SlotKind[] = [];
  const values: string[] = [];
  let shape = "";
  let done = name;
  for (let at = name + 1; at < text.length; ) {
    const end = findEnd(text, at);
    const kind = text.charCodeAt(at) === DASH ? SLOTS.get(text.slice(at, end)) : undefined;
    at = end + 1;
    if (kind === undefined) continue;
    const value = cutValue(text, at, kind);
    if (!value.isQuoted && !isPlainValue(kind, value.text, family, hasChain)) continue;
    kinds.push(kind);
    values.push(value.text);
    shape += text.slice(done, end + 1) + (value.isQuoted ? QUOTED : PLAIN);
    done = value.end;
    at = done + 1;
  }
  shape += text.slice(done);
  return shape.includes('"') ? null : { chain, shape, kinds, values };
}

/** Gives the shape of a line that {@link cutLine} has cut. */
export function shapeOfLine({ shape, kinds }: CutLine): LineShape {
  const [head = "", ...parts] = shape.split(PLAIN);
  const isQuoted = (part: string | undefined) => part?.startsWith("q") ?? false;
  const before = [head, ...parts].map(
    (part, i) => (isQuoted(part) && i > 0 ? `"${part.slice(1)}` : part) + (isQuoted(parts[i]) ? '"' : ""),
  );
  const values = parts.map((part) => (isQuoted(part) ? '[^"]*' : "[^ ]+"));
  const form = before.map((piece, i) => escapePattern(piece) + (values[i] ?? "$")).join("");
  const targets = Array.from(shape.matchAll(/(?<= )-j ([^ ]+)/g), ([, name = ""]) => name);
  const places = parts.map((part, i) => ({ gap: before[i]?.length ?? 0, isQuoted: isQuoted(part) }));
  return { shape, kinds, targets, form: new RegExp(form, "y"), places };
}

/** Gives the pattern that a text alone matches. */
function escapePattern(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}

/** Gives where the chain's name ends in a line that may be cut; null in any other. */
export function findChainEnd(text: string): number | null {
  if (!text.startsWith("-A ") || text.length > LINE_AT_MOST) return null;
  const end = findEnd(text, CHAIN_AT);
  return isPlainName(text.slice(CHAIN_AT, end)) ? end : null;
}

/** Says whether a text is a chain's name as nearly all are. */
export function isPlainName(name: string): boolean {
  return /^\w[\w.:-]*$/.test(name);
}

/** Says whether what stands between quotes is a comment that means itself. */
export function isPlainQuote(inner: string): boolean {
  return inner.length <= COMMENT_AT_MOST && !inner.includes("\\") && !inner.includes(PLAIN);
}

/** Gives the line of a shape with other values in it. */
export function fillLine({ chain, shape }: CutLine, values: readonly string[]): string {
  const [head = "", ...parts] = shape.split(PLAIN);
  const filled = parts.map((part, i) => (part.startsWith("q") ? `"${values[i]}"${part.slice(1)}` : values[i] + part));
  return `-A ${chain}${head}${filled.join("")}`;
}

/** Gives where the word ends that begins at `from`. */
export function findEnd(text: string, from: number): number {
  const end = text.indexOf(" ", from);
  return end < 0 ? text.length : end;
}

interface CutValue {
  readonly text: string;
  readonly isQuoted: boolean;
  readonly end: number;
}

function cutValue(text: string, from: number, kind: SlotKind): CutValue {
  const close = kind === "comment" && text[from] === '"' ? text.indexOf('"', from + 1) : -1;
  const inner = text.slice(from + 1, Math.max(close, from + 1));
  const isWord = close === text.length - 1 || text[close + 1] === " ";
  if (close > from && isWord && isPlainQuote(inner)) return { text: inner, isQuoted: true, end: close + 1 };
  const end = findEnd(text, from);
  return { text: text.slice(from, end), isQuoted: false, end };
}

/** Says whether a value is written so that it can be one thing only; any other stays in the shape. */
function isPlainValue(kind: SlotKind, value: string, family: Family, hasChain: HasChain): boolean {
  switch (kind) {
    case "source":
    case "destination":
      return family === 4 && /^[\d.]+(?:\/\d+)?$/.test(value);
    case "source-port":
    case "destination-port":
      return readPlainPort(value, 0, value.length) !== null;
    case "comment":
      return isPlainWord(value);
    case "jump":
      return isPlainName(value) && hasChain(value);
    case "dnat":
      return family === 4 && /^[\d.]+:\d+$/.test(value);
  }
}

/** Says whether a comment without quotes means itself. */
export function isPlainWord(value: string): boolean {
  return /^\w[\w-]{0,60}$/.test(value);
}
