import { toolOfFamily } from "../formats/tool-name.ts";
import type { Family } from "../model/address.ts";
import { type OwnTable, ownTable } from "./own-rules.ts";
import type { RulesChange } from "./transaction.ts";

/** One rule that `apply` has made in a chain of its own, or that jumps to one, as the kernel prints it. */
export interface MadeRule {
  readonly family: Family;
  readonly table: string;
  /** `-A ISTIO_OUTPUT -d 127.0.0.1/32 -j RETURN`. */
  readonly rule: string;
}

/** Gives all rules that a change leaves as its own, for the record. */
export function listMadeRules(changes: readonly RulesChange[]): readonly MadeRule[] {
  return changes.flatMap(({ family, wanted }) =>
    [...wanted].flatMap(([table, own]) => listLines(own).map((rule) => ({ family, table, rule }))),
  );
}

/**
 * Gives the rules that changes take away and no `apply` had made, as command lines: somebody has put them into chains that carry
 * landfall's names, or has made them jump there. `made` are the recorded rules; without a record every rule that goes counts.
 */
export function listReplacedRules(
  changes: readonly RulesChange[],
  made: readonly MadeRule[] | null,
): readonly string[] {
  return changes.flatMap(({ family, before, wanted, claim }) =>
    [...before].flatMap(([table, state]) => {
      const recorded = (made ?? []).filter((one) => one.family === family && one.table === table);
      // A rule that was recorded and stays is one rule: whatever more there is in the same words is somebody else's.
      const stays = listLines(wanted.get(table));
      const own = [
        ...stays,
        ...subtract(
          recorded.map(({ rule }) => rule),
          stays,
        ),
      ];
      return subtract(listLines(ownTable(state, family, table, claim)), own).map(
        (rule) => `${toolOfFamily(family)} -t ${table} ${rule}`,
      );
    }),
  );
}

/** Rules listed at most: more than these fill a screen. */
const LISTED_AT_MOST = 20;

/** Gives what to say of replaced or removed rules, a line break behind each; empty where there are none. */
export function renderReplacedRules(
  rules: readonly string[],
  verb: "replaced" | "would replace" | "removed",
  hasRecord: boolean,
): string {
  if (rules.length === 0) return "";
  const count = rules.length === 1 ? "one rule" : `${rules.length} rules`;
  const why = hasRecord ? "that apply did not create" : "without a record of what created them";
  const rest = rules.length - LISTED_AT_MOST;
  const listed = [...rules.slice(0, LISTED_AT_MOST), ...(rest > 0 ? [`and ${rest} more`] : [])];
  const head = `landfall: notice: ${verb} ${count} in the mesh's own chains or jumping to them, ${why}:`;
  return `${[head, ...listed].join("\n  ")}\n`;
}

function listLines(own: OwnTable | undefined): readonly string[] {
  if (!own) return [];
  const inChains = [...own.chains].flatMap(([chain, bodies]) => bodies.map((body) => `-A ${chain} ${body}`));
  return [...inChains, ...own.hooks.map(({ chain, body }) => `-A ${chain} ${body}`)];
}

/** Takes each of some lines out of a list once. */
export function subtract(lines: readonly string[], others: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const line of others) counts.set(line, (counts.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = counts.get(line) ?? 0;
    counts.set(line, count - 1);
    return count <= 0;
  });
}
