import type { Match } from "../model/match.ts";
import type { CompiledChain } from "./chain.ts";

/** What a table, and in the end a hook, decides of a packet. `with` is REJECT's answer as iptables prints it. */
export type Decision =
  | { readonly kind: "accept" }
  | { readonly kind: "drop" }
  | { readonly kind: "reject"; readonly with: string };

/** What one rule decides of a packet that matches it. */
export type RuleVerdict =
  | Decision
  | { readonly kind: "continue" }
  /** A later match of the rule does not hold: the next rule follows, as if the rule had not matched. */
  | { readonly kind: "break"; readonly failed: Match | undefined }
  | { readonly kind: "return" }
  | { readonly kind: "jump"; readonly chain: CompiledChain }
  | { readonly kind: "goto"; readonly chain: CompiledChain };

/** What a whole chain decides: a decision, or that the packet came out at its end (or by RETURN) undecided. */
export type ChainVerdict = Decision | { readonly kind: "undecided" };

/** The decision to let a packet pass. */
export const ACCEPT: Decision = { kind: "accept" };
/** The decision to lose a packet without a word. */
export const DROP: Decision = { kind: "drop" };
/** The verdict of a rule that only counts, logs or marks. */
export const CONTINUE: RuleVerdict = { kind: "continue" };
/** The verdict of RETURN. */
export const RETURN: RuleVerdict = { kind: "return" };
/** The chain verdict of a packet that came out undecided. */
export const UNDECIDED: ChainVerdict = { kind: "undecided" };
