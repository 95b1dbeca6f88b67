import type { Target } from "../model/target.ts";
import type { Fault, OptionUse, ReadContext } from "./match-module.ts";

/** One target (`-j NAME`): its options and what they make. An option it does not list makes the target unknown. */
export interface TargetModule {
  /** How many words each option takes. */
  readonly takes: Readonly<Record<string, 0 | 1 | 2>>;
  /** Reads all options. `opaque`: a use of the target that the model has no words for, to be kept as text. */
  readonly read: (uses: readonly OptionUse[], context: ReadContext, column: number) => Target | Fault | "opaque";
}

/** Gives the use of an option, or undefined where the rule has none. */
export function findUse(uses: readonly OptionUse[], option: string): OptionUse | undefined {
  return uses.find((use) => use.option === option);
}

/** Gives the first word of an option's use, or undefined where the rule has none. */
export function firstValue(uses: readonly OptionUse[], option: string): string | undefined {
  return findUse(uses, option)?.values[0];
}

/** Gives those of a target's switches that a rule turns on, without their dashes, in the order listed. */
export function flagsOf(uses: readonly OptionUse[], flags: readonly string[]): readonly string[] {
  return flags.filter((flag) => findUse(uses, `--${flag}`) !== undefined);
}
