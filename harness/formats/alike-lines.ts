import type { Family } from "../model/address.ts";
import { BUILT_IN_CHAINS, type TableName } from "../model/iptables-tables.ts";
import type { NameLookups } from "../model/name-lookups.ts";
import { type CutLine, cutLike, cutLine } from "./cut-line.ts";
import { fillPattern, type LinePattern, makePattern, type ReadRule } from "./line-pattern.ts";
import { chainsOf, findChain, type OpenTables } from "./open-tables.ts";
import type { RuleContext } from "./rule-text.ts";

/** Shapes that are kept; a text with more has rules that are not alike. */
const SHAPES_AT_MOST = 2_000;
/** Shapes that a line is held against before it is cut: rules that a program has made come in runs and rounds of some shapes. */
const RECENT_AT_MOST = 8;

/** The patterns of one family, by shape; null where lines of a shape are not alike. */
interface KnownPatterns {
  readonly byShape: Map<string, LinePattern | null>;
  /** Those used last, the last one first. */
  readonly recent: LinePattern[];
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
  return {
    read: (line, number, table, open) => {
      const counted = line.startsWith("[") ? /^\[(\d+):(\d+)\] (?=-A )/.exec(line) : null;
      const text = counted ? line.slice(counted[0].length) : line;
      const { family } = open;
      const chains = chainsOf(open, table);
      const hasChain = (name: string) => chains.has(name) && !BUILT_IN_CHAINS[table].includes(name);
      const found = findPattern(text, { family, names, hasChain }, table, known[family]);
      const chain = found && findChain(chains, table, found.cut.chain);
      const made = chain && fillPattern(found.pattern, found.cut.values, family);
      if (!made || !leadsOn(made, hasChain)) return false;
      const { matches, target } = made;
      const counters = counted && { packets: Number(counted[1]), bytes: Number(counted[2]) };
      chain.rules.push(
        counters ? { matches, target, counters, line: number, text } : { matches, target, line: number, text },
      );
      return true;
    },
  };
}

/** Cuts a line, and gives it with the pattern of its shape; null where it has to be read word by word. */
function findPattern(
  text: string,
  context: RuleContext,
  table: TableName,
  { byShape, recent }: KnownPatterns,
): { readonly pattern: LinePattern; readonly cut: CutLine } | null {
  const { family, hasChain } = context;
  for (let i = 0; i < recent.length; i++) {
    const pattern = recent[i] as LinePattern;
    const cut = cutLike(text, pattern.line, family, hasChain);
    if (cut === null) continue;
    moveToFront(recent, i, pattern);
    return { pattern, cut };
  }
  const cut = cutLine(text, family, hasChain);
  if (cut === null) return null;
  const kept = byShape.get(cut.shape);
  if (kept === undefined && byShape.size >= SHAPES_AT_MOST) return null;
  const pattern = kept === undefined ? makePattern(cut, context, table) : kept;
  byShape.set(cut.shape, pattern);
  if (pattern === null) return null;
  moveToFront(recent, Math.min(recent.length, RECENT_AT_MOST - 1), pattern);
  return { pattern, cut };
}

/** Puts a pattern first; those before `from` move on by one, onto the one that is there. */
function moveToFront(recent: LinePattern[], from: number, pattern: LinePattern): void {
  for (let i = from; i > 0; i--) recent[i] = recent[i - 1] as LinePattern;
  recent[0] = pattern;
}

/** Says whether the chain that a rule goes to is there; that it is not is told where words are read. */
function leadsOn({ target }: ReadRule, hasChain: (name: string) => boolean): boolean {
  return target === null || !("chain" in target) || hasChain(target.chain);
}
