import type { Match } from "../model/match.ts";
import type { Rule, TableIdentity } from "../model/ruleset.ts";
import type { Packet } from "./packet.ts";
import type { Decision } from "./verdict.ts";

/** Says whether a match holds for a packet. Questions that cannot be answered go to the walk's oracle. */
export type Test = (packet: Packet) => boolean;

/** What one rule decides of a packet that matches it. */
export type RuleVerdict =
  | Decision
  | { readonly kind: "continue" }
  /** A later match of the rule does not hold: the next rule follows, as if the rule had not matched. */
  | { readonly kind: "break"; readonly failed: Match | undefined }
  | { readonly kind: "return" }
  | { readonly kind: "jump"; readonly chain: CompiledChain }
  | { readonly kind: "goto"; readonly chain: CompiledChain };

/** The verdict of a rule that only counts, logs or marks. */
export const CONTINUE: RuleVerdict = { kind: "continue" };
/** The verdict of RETURN: the calling chain goes on, and in a built-in chain the policy decides. */
export const RETURN_VERDICT: RuleVerdict = { kind: "return" };
/** Does what a target does to a packet that matches, and gives the rule's verdict. */
export type Action = (packet: Packet) => RuleVerdict;

/** A rule ready to run: its matches as tests, its target as an action, and its place. */
export interface CompiledRule {
  readonly table: TableIdentity;
  readonly chain: string;
  /** Counted from 1. */
  readonly index: number;
  readonly rule: Rule;
  /** The matches that can fail, with a test for each. */
  readonly matches: readonly Match[];
  readonly tests: readonly Test[];
  readonly act: Action;
}

/** A chain ready to run. */
export interface CompiledChain {
  readonly name: string;
  readonly table: TableIdentity;
  readonly policy: Decision;
  readonly rules: readonly CompiledRule[];
}
