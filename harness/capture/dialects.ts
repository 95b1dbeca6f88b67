import type { Family } from "../model/address.ts";
import type { CaptureConfig } from "../model/capture-config.ts";
import type { PodRules, Rule } from "../model/ruleset.ts";
import { istio14 } from "./istio-1.4.ts";

/** Where a generator puts a rule of a built-in chain among rules that are not its own: `-I CHAIN 1`, or `-A CHAIN`. */
export type Placement = "top" | "bottom";

/** One generator's way to write rules. A new one is a file of this room, named as typed, and a line in {@link DIALECTS}. */
export interface Dialect {
  /** What a user types behind `--dialect`. */
  readonly name: string;
  /** Gives all rules and policy routing of a config; both families are under test, each with the tables the generator fills. */
  generate(config: CaptureConfig): PodRules;
  /** Says where a generated rule goes in a built-in chain that holds foreign rules as well. */
  placementOf(chain: string, rule: Rule): Placement;
  /** Names of every chain that it can make: what jumps to one of them is its own too. */
  readonly chains: readonly string[];
  /**
   * Says whether a rule of a built-in chain, as `iptables -S` prints it behind `-A CHAIN`, looks like one it makes without naming a chain
   * of its own.
   */
  looksMade(family: Family, table: string, chain: string, body: string): boolean;
}

/** Every dialect, the default first. */
export const DIALECTS: readonly Dialect[] = [istio14];

/** Gives a dialect by its name, or null where there is none of that name. */
export function findDialect(name: string): Dialect | null {
  return DIALECTS.find((dialect) => dialect.name === name) ?? null;
}

/**
 * Gives the rules of a config, in the config's own dialect; throws a RangeError if there is no such dialect, which parsing has excluded.
 */
export function generateRules(config: CaptureConfig): PodRules {
  const dialect = findDialect(config.dialect);
  if (!dialect) throw new RangeError(`There is no dialect "${config.dialect}".`);
  return dialect.generate(config);
}
