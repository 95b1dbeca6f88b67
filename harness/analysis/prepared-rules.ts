import { renderTarget } from "../formats/targets.ts";
import type { Match } from "../model/match.ts";
import { type Chain, type Rule, type Ruleset, type Table, tableKey } from "../model/ruleset.ts";
import type { Target } from "../model/target.ts";
import { toAtoms } from "./axis.ts";
import type { FlowSpace } from "./flow-space.ts";
import { type Intervals, invertIntervals, uniteIntervals } from "./intervals.ts";
import { type Field, rangesOf } from "./match-ranges.ts";

/** What a rule asks of a packet: a field's atom among some, either port's, or a variable's value to be 0 or 1. */
export type Condition =
  | { readonly kind: "field"; readonly field: Field; readonly allowed: Intervals; readonly negated: boolean }
  | { readonly kind: "either-port"; readonly allowed: Intervals; readonly negated: boolean; readonly text: string }
  | { readonly kind: "variable"; readonly variable: number; readonly value: 0 | 1 };

/** What a rule does: `final` ends the chain's whole table, `act` does something and goes on. */
export type Effect =
  | { readonly kind: "final" | "act"; readonly text: string }
  | { readonly kind: "next" | "return" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

/** A rule with its values turned into atoms of a flow space. */
export interface PreparedRule {
  readonly conditions: readonly Condition[];
  readonly effect: Effect;
}

/** A chain, ready to become diagrams. */
export interface PreparedChain {
  readonly base: Chain["base"];
  readonly rules: readonly PreparedRule[];
}

/** A table's chains by name. */
export interface PreparedTable {
  readonly chains: ReadonlyMap<string, PreparedChain>;
}

/** The tables of a rule set by {@link tableKey}, in the order in which they were loaded. */
export type PreparedTables = ReadonlyMap<string, PreparedTable>;

/** Gives every table of a rule set. */
export function prepareRuleset({ tables }: Ruleset, space: FlowSpace): PreparedTables {
  return new Map(tables.map((table) => [tableKey(table), prepareTable(table, space)]));
}

function prepareTable({ chains }: Table, space: FlowSpace): PreparedTable {
  const prepare = (rules: readonly Rule[]) => rules.map((rule) => prepareRule(rule, space));
  return { chains: new Map(chains.map(({ name, base, rules }) => [name, { base, rules: prepare(rules) }])) };
}

function prepareRule({ matches, target }: Rule, space: FlowSpace): PreparedRule {
  const conditions = matches.flatMap((match) => prepareMatch(match, space));
  return { conditions, effect: prepareTarget(target, space) };
}

function prepareMatch(match: Match, space: FlowSpace): readonly Condition[] {
  if (match.kind === "comment") return [];
  if (match.kind === "unknown") return [{ kind: "variable", variable: space.unknownVariable(match.text), value: 1 }];
  const negated = "negated" in match && match.negated;
  const ranges = rangesOf(match);
  if (ranges === null) {
    return [{ kind: "variable", variable: space.restVariable(nameFact(match)), value: negated ? 0 : 1 }];
  }
  const axis = space[ranges.axis];
  const atoms = uniteIntervals(toAtoms(axis, ranges.ranges));
  const [field, other] = ranges.fields;
  if (other !== undefined || field === undefined)
    return [{ kind: "either-port", allowed: atoms, negated, text: nameFact(match) }];
  return [{ kind: "field", field, allowed: negated ? invertIntervals(atoms, axis.size - 1) : atoms, negated }];
}

/** Names the fact a match asks about; its negation asks about the same. */
function nameFact(match: Match): string {
  return JSON.stringify({ ...match, negated: false }, (_, value) => (typeof value === "bigint" ? `${value}` : value));
}

/** An unknown target may be anything: that it is met is noted, and all that follows as well. */
function prepareTarget(target: Target | null, { family }: FlowSpace): Effect {
  if (target === null) return { kind: "next" };
  switch (target.kind) {
    case "log":
      return { kind: "next" };
    case "return":
      return { kind: "return" };
    case "jump":
    case "goto":
      return { kind: target.kind, chain: target.chain };
    case "mark":
    case "connmark-set":
    case "connmark-save":
    case "connmark-restore":
    case "notrack":
    case "unknown":
      return { kind: "act", text: renderTarget(target, family) };
    default:
      return { kind: "final", text: renderTarget(target, family) };
  }
}
