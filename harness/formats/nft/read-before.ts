import { type Chain, type Rule, TABLE_FAMILIES, type Table, type TableFamily } from "../../model/ruleset.ts";
import type { JsonObject } from "./ast.ts";
import type { AlikeRule } from "./text-reader.ts";

/** Rules of a text that were read as others of their shape, by what stands for them among its commands. */
export type RulesOfText = ReadonlyMap<JsonObject, Rule>;

/** The rules of each text that was read, for as long as its tables are about. */
const READ = new WeakMap<readonly Chain[], RulesOfText>();
/** Those of the text that was read last. */
let last: WeakRef<RulesOfText> | null = null;

/** Notes the rules of a text for the one that is read next: whoever compares two rule sets reads most of their rules twice. */
export function noteReadRules(tables: readonly Table[], rules: RulesOfText): void {
  for (const { chains } of tables) READ.set(chains, rules);
  last = new WeakRef(rules);
}

/**
 * Gives a function that gives the rule with some text in a table of some family as the text before had it, or undefined. What a rule that
 * was read as others of its shape means follows from its own text: no set, definition or name of the machine is part of it.
 */
export function recallReadRules(): (text: string, family: TableFamily) => Omit<AlikeRule, "stop"> | undefined {
  const rules = last?.deref();
  if (rules === undefined) return () => undefined;
  const known: Record<TableFamily, Map<string, Omit<AlikeRule, "stop">>> = {
    ip: new Map(),
    ip6: new Map(),
    inet: new Map(),
  };
  for (const [{ family, expr }, { matches, target, counters, text }] of rules) {
    const own = TABLE_FAMILIES.find((one) => one === family);
    if (own === undefined || text === undefined || !Array.isArray(expr)) continue;
    known[own].set(text, { read: { matches, target, ...(counters === undefined ? {} : { counters }) }, kinds: expr });
  }
  return (text, family) => known[family].get(text);
}
