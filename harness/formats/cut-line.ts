import type { Family } from "../model/address.ts";
import { MAX_PORT } from "../model/pod.ts";

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
/** Longer lines and comments are read word by word: iptables-restore has limits for them. */
const [LINE_AT_MOST, COMMENT_AT_MOST] = [1_000, 80];
const DASH = "-".charCodeAt(0);

/** A rule's line `-A CHAIN …` with its values taken out. */
export interface CutLine {
  readonly chain: string;
  /** What stands behind the chain, with {@link PLAIN} or {@link QUOTED} for each value. */
  readonly shape: string;
  readonly kinds: readonly SlotKind[];
  readonly values: readonly string[];
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
export function cutLine(text: string, family: Family, hasChain: (name: string) => boolean): CutLine | null {
  if (!text.startsWith("-A ") || text.length > LINE_AT_MOST || text.includes(PLAIN)) return null;
  const name = findEnd(text, 3);
  const chain = text.slice(3, name);
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
  return shape.includes('"') || !/^\w[\w.:-]*$/.test(chain) ? null : { chain, shape, kinds, values };
}

/** Gives the line of a shape with other values in it. */
export function fillLine({ chain, shape }: CutLine, values: readonly string[]): string {
  const [head = "", ...parts] = shape.split(PLAIN);
  const filled = parts.map((part, i) => (part.startsWith("q") ? `"${values[i]}"${part.slice(1)}` : values[i] + part));
  return `-A ${chain}${head}${filled.join("")}`;
}

/** Gives where the word ends that begins at `from`. */
function findEnd(text: string, from: number): number {
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
  if (close > from && isWord && inner.length <= COMMENT_AT_MOST && !inner.includes("\\"))
    return { text: inner, isQuoted: true, end: close + 1 };
  const end = findEnd(text, from);
  return { text: text.slice(from, end), isQuoted: false, end };
}

/** Says whether a value is written so that it can be one thing only; any other stays in the shape. */
function isPlainValue(kind: SlotKind, value: string, family: Family, hasChain: (name: string) => boolean): boolean {
  switch (kind) {
    case "source":
    case "destination":
      return family === 4 && /^[\d.]+(?:\/\d+)?$/.test(value);
    case "source-port":
    case "destination-port":
      return isPlainPort(value);
    case "comment":
      return /^\w[\w-]{0,60}$/.test(value);
    case "jump":
      return /^\w[\w.:-]*$/.test(value) && hasChain(value);
    case "dnat":
      return family === 4 && /^[\d.]+:\d+$/.test(value);
  }
}

/** Says whether a text is a port other than 0, in decimal digits. */
export function isPlainPort(value: string): boolean {
  return /^[1-9]\d{0,4}$/.test(value) && Number(value) <= MAX_PORT;
}
