import type { Chain, Rule } from "../../model/ruleset.ts";
import type { Field } from "./axis-ranges.ts";
import type { Intervals } from "./intervals.ts";

/** What a rule asks of a packet: a field's atom among some, either port's, or a variable's value to be 0 or 1. */
export type Condition =
  | FieldCondition
  | CompareTest
  | { readonly kind: "either-port"; readonly allowed: Intervals; readonly negated: boolean; readonly text: string }
  | VariableCondition;

/** That a field's atom is among some. */
export interface FieldCondition {
  readonly kind: "field";
  readonly field: Field;
  readonly allowed: Intervals;
  readonly negated: boolean;
}

/** That a variable has a value. */
export interface VariableCondition {
  readonly kind: "variable";
  readonly variable: number;
  readonly value: 0 | 1;
}

/**
 * What a rule does: `final` ends the chain's whole table, `act` does something and goes on; `text` says all of it, and `sentTo` has the
 * single address to which it translates what was dialled, if it does. `sequence`: one part after the other, until
 * the conditions of one fail. `choice`: the first branch whose conditions hold.
 */
export type Effect =
  | { readonly kind: "final" | "act"; readonly text: string; readonly sentTo: readonly bigint[] }
  | { readonly kind: "next" | "return" }
  | { readonly kind: "jump" | "goto"; readonly chain: string }
  | { readonly kind: "sequence"; readonly parts: readonly PreparedRule[] }
  | { readonly kind: "choice"; readonly branches: readonly PreparedRule[] };

/** A rule with its values turned into atoms of a flow space. */
export interface PreparedRule {
  readonly conditions: readonly Condition[];
  readonly effect: Effect;
}

/** What a comparison asks: that a packet has what the keys read, and that some element, or none, holds it. */
export interface CompareTest {
  readonly kind: "compare";
  readonly readable: readonly SimpleCondition[];
  /** Each element's conditions; one without any holds everything. */
  readonly elements: readonly (readonly SimpleCondition[])[];
  readonly wants: "some" | "none";
}

/** A condition on one field or one fact. */
export type SimpleCondition = FieldCondition | VariableCondition;

/** A chain, ready to become diagrams. */
export interface PreparedChain {
  readonly base: Chain["base"];
  /** The rules as they were given. */
  readonly of: readonly Rule[];
  readonly rules: readonly PreparedRule[];
}

/** A table's chains by name. */
export interface PreparedTable {
  readonly chains: ReadonlyMap<string, PreparedChain>;
}

/** The tables of a rule set by {@link tableKey}, in the order in which they were loaded. */
export type PreparedTables = ReadonlyMap<string, PreparedTable>;
