import type { Family } from "../model/address.ts";
import { BUILT_IN_CHAINS, type TableName } from "../model/iptables-tables.ts";
import type { NameLookups } from "../model/name-lookups.ts";
import { nextChain } from "./chain-graph.ts";
import { CHAIN_AT, cutLine, findChainEnd, type HasChain, LINE_AT_MOST } from "./cut-line.ts";
import { type LinePattern, makePattern, type ReadRule, readLike } from "./line-pattern.ts";
import type { OpenChain, OpenTables } from "./open-tables.ts";
import type { RuleContext } from "./rule-text.ts";

/** Shapes that are kept; a text with more has rules that are not alike. */
const SHAPES_AT_MOST = 2_000;
/** Shapes that a line is held against before it is cut: rules that a program has made come in runs and rounds of some shapes. */
const RECENT_AT_MOST = 8;
const BLANK = " ".charCodeAt(0);

/** The patterns of one family, by shape; null where lines of a shape are not alike. */
interface KnownPatterns {
  readonly byShape: Map<string, LinePattern | null>;
  /** Those used last, the last one first. */
  readonly recent: LinePattern[];
}

/** The chain that the line before went to: most lines go to the same one. */
interface Neighbour {
  /** How its lines begin: `-A MINE`. */
  readonly head: string;
  readonly chains: ReadonlyMap<string, OpenChain>;
  readonly chain: OpenChain;
  readonly hasChain: HasChain;
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
 * ({@link makePattern}), and of all others that differ in addresses, ports, comments and chains alone, these. So that no value changes what
 * the rest of a line means, a shape is used only where it gives for other values what reading their words gives.
 */
export function openAlikeLines(names: NameLookups): AlikeLines {
  const open = (): KnownPatterns => ({ byShape: new Map(), recent: [] });
  const known: Readonly<Record<Family, KnownPatterns>> = { 4: open(), 6: open() };
  let near: Neighbour | null = null;
  return {
    read: (line, number, table, open) => {
      const counted = line.startsWith("[") ? /^\[(\d+):(\d+)\] (?=-A )/.exec(line) : null;
      const text = counted ? line.slice(counted[0].length) : line;
      near = findNeighbour(near, text, table, open);
      if (near === null) return false;
      const made =
        readByRecent(text, near, known[open.family]) ??
        readByPatterns(text, near, table, { family: open.family, names, hasChain: near.hasChain }, known[open.family]);
      const next = made && nextChain(made);
      if (made === null || (next !== null && !near.hasChain(next))) return false;
      const { matches, target } = made;
      const counters = counted && { packets: Number(counted[1]), bytes: Number(counted[2]) };
      near.chain.rules.push(
        counters ? { matches, target, counters, line: number, text } : { matches, target, line: number, text },
      );
      return true;
    },
  };
}

/** Gives the chain that a line goes to; null where the line may not be cut, or the chain is not there yet. */
function findNeighbour(
  last: Neighbour | null,
  text: string,
  table: TableName,
  { tables }: OpenTables,
): Neighbour | null {
  const chains = tables.get(table);
  if (chains === undefined) return null;
  // A chain may have been renamed, or removed and made again, since the line before.
  if (last?.chains === chains && goesTo(text, last) && chains.get(last.chain.name) === last.chain) return last;
  const end = findChainEnd(text);
  const chain = end === null ? undefined : chains.get(text.slice(CHAIN_AT, end));
  if (end === null || chain === undefined) return null;
  const hasChain =
    last?.chains === chains
      ? last.hasChain
      : (name: string) => chains.has(name) && !BUILT_IN_CHAINS[table].includes(name);
  return { head: text.slice(0, end), chains, chain, hasChain };
}

function goesTo(text: string, { head }: Neighbour): boolean {
  // Comparing what is cut off takes half the time of `startsWith`.
  return text.charCodeAt(head.length) === BLANK && text.slice(0, head.length) === head && text.length <= LINE_AT_MOST;
}

/** Reads a line by one of the patterns used last; null where it is like none of them. */
function readByRecent(text: string, { head, hasChain }: Neighbour, { recent }: KnownPatterns): ReadRule | null {
  for (let i = 0; i < recent.length; i++) {
    const pattern = recent[i] as LinePattern;
    const made = readLike(text, head.length, pattern, hasChain);
    if (made === null) continue;
    moveToFront(recent, i, pattern);
    return made;
  }
  return null;
}

/** Reads a line by the pattern of its shape; null where it has to be read word by word. */
function readByPatterns(
  text: string,
  { head, hasChain }: Neighbour,
  table: TableName,
  context: RuleContext,
  { byShape, recent }: KnownPatterns,
): ReadRule | null {
  const cut = cutLine(text, context.family, hasChain);
  if (cut === null) return null;
  const kept = byShape.get(cut.shape);
  if (kept === undefined && byShape.size >= SHAPES_AT_MOST) return null;
  const pattern = kept === undefined ? makePattern(cut, context, table) : kept;
  byShape.set(cut.shape, pattern);
  if (pattern === null) return null;
  moveToFront(recent, Math.min(recent.length, RECENT_AT_MOST - 1), pattern);
  return readLike(text, head.length, pattern, hasChain);
}

/** Puts a pattern first; those before `from` move on by one, onto the one that is there. */
function moveToFront(recent: LinePattern[], from: number, pattern: LinePattern): void {
  for (let i = from; i > 0; i--) recent[i] = recent[i - 1] as LinePattern;
  recent[0] = pattern;
}
