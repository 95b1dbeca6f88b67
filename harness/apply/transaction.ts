import { describeError, LandfallError } from "../errors.ts";
import type { Family } from "../model/address.ts";
import { TABLE_NAMES } from "../model/iptables-tables.ts";
import { loadRules } from "./load-rules.ts";
import { type Claim, NOTHING_OWN, type OwnTable, ownTable } from "./own-rules.ts";
import { planTable, renderPlan } from "./plan.ts";
import { runCommand } from "./process.ts";
import { parseRulesState, type RulesState } from "./rules-state.ts";
import type { Toolset } from "./toolsets.ts";

/** What is to become of one family's tables of one variant. */
export interface RulesChange {
  readonly toolset: Toolset;
  readonly family: Family;
  readonly before: RulesState;
  /** Which rules are ours now. */
  readonly claim: Claim;
  /** Which will be ours under way, so that a roll-back knows the new ones too. */
  readonly claimAfter: Claim;
  /** What is to be ours, by table; nothing in a table that is not named. */
  readonly wanted: ReadonlyMap<string, OwnTable>;
}

/** Gives the input of the `iptables-restore --noflush` that makes a change; empty where there is nothing to do. */
export function planChange(change: RulesChange): string {
  return renderPlan(
    planTables(change, change.before, change.claim, (table) => change.wanted.get(table) ?? NOTHING_OWN),
  );
}

/**
 * Makes changes, each by one `iptables-restore --noflush`; where one fails all tables are brought back to what they were. Throws
 * `environment` with iptables' own words, and says what could not be brought back. Killed at any moment, each table is old or new. IPv6
 * goes first: it is what a kernel is most likely to refuse, and then nothing has been done yet. Where one input changes several tables it
 * is tried with `--test` before anything is done, since iptables commits table by table; a trial costs several times what doing it costs,
 * for the kernel waits when one is dropped.
 */
export function commitChanges(changes: readonly RulesChange[]): "changed" | "unchanged" {
  const plans = changes
    .map((change) => ({ change, text: planChange(change) }))
    .filter(({ text }) => text !== "")
    .toSorted((one, other) => other.change.family - one.change.family);
  const tried = plans.filter(({ text }) => hasSeveralTables(text));
  for (const { change, text } of tried) restore(change, text, ["--test"]);
  for (const [i, { change, text }] of plans.entries()) {
    try {
      restore(change, text);
    } catch (error) {
      throw rollBackChanges(
        plans.slice(0, i + 1).map((done) => done.change),
        error,
      );
    }
  }
  return plans.length > 0 ? "changed" : "unchanged";
}

function hasSeveralTables(text: string): boolean {
  return (text.match(/^COMMIT$/gm)?.length ?? 0) > 1;
}

/**
 * Brings the tables of changes back to what they were, as many as possible, since something has failed. Gives what to throw: the failure,
 * or an error that adds to it what could not be brought back.
 */
export function rollBackChanges(changes: readonly RulesChange[], failure: unknown): unknown {
  return undoAfter(
    failure,
    changes.map((change) => () => rollBack(change)),
  );
}

/** Undoes what was done before a failure, step by step; gives the failure, or an error that adds to it which steps have failed as well. */
export function undoAfter(failure: unknown, steps: readonly (() => void)[]): unknown {
  const faults = steps.flatMap((step) => {
    try {
      step();
      return [];
    } catch (error) {
      return [describeError(error)];
    }
  });
  if (faults.length === 0) return failure;
  const message = `${describeError(failure)}\nSome changes could not be undone; run apply or clean again to undo them: ${faults.join("\n")}`;
  return new HalfUndoneError("environment", message, { cause: failure });
}

/** Tells that something has failed, and that not everything could be brought back afterwards. */
class HalfUndoneError extends LandfallError {}

/** Says whether everything is as it was before this failure. */
export function isBroughtBack(failure: unknown): boolean {
  return !(failure instanceof HalfUndoneError);
}

function rollBack(change: RulesChange): void {
  const command = change.toolset.commands[change.family]?.save ?? "";
  const { status, stdout, stderr } = runCommand(command, []);
  if (status !== 0) throw new LandfallError("environment", `The rules cannot be read (${command}): ${stderr.trim()}`);
  const { family, before, claim, claimAfter } = change;
  const text = renderPlan(
    planTables(change, parseRulesState(stdout), claimAfter, (table) =>
      ownTable(before.get(table), family, table, claim),
    ),
  );
  if (text !== "") restore(change, text);
}

function planTables(
  { family }: RulesChange,
  state: RulesState,
  claim: Claim,
  wantedOf: (table: string) => OwnTable,
): ReadonlyMap<string, readonly string[]> {
  // In the order of the kernel's hooks: mangle hands packets over to policy routing, which stands by then; nat's own targets stand with it.
  return new Map(
    TABLE_NAMES.map((table) => [table, planTable(ownTable(state.get(table), family, table, claim), wantedOf(table))]),
  );
}

function restore({ toolset, family }: RulesChange, text: string, options: readonly string[] = []): void {
  const command = toolset.commands[family]?.restore;
  if (command === undefined)
    throw new LandfallError("environment", `There is no iptables for IPv${family}; install it.`);
  loadRules({ command, name: command, options: ["--noflush", "-w", "10", ...options] }, text);
}
