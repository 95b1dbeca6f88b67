import { renderTarget } from "../../formats/targets.ts";
import { addressValue } from "../../model/address.ts";
import type { Match } from "../../model/match.ts";
import { listActiveTables, type Rule, type Ruleset, type Table, tableKey } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import { toAtoms } from "../flows/axis.ts";
import type { FlowSpace } from "../flows/flow-space.ts";
import { findMade } from "./aligned.ts";
import { axisOfField } from "./field-axis.ts";
import { invertIntervals, uniteIntervals } from "./intervals.ts";
import { type MatchQuestion, questionOf } from "./match-traits.ts";
import { prepareCompare } from "./prepared-compare.ts";
import type {
  CompareTest,
  Condition,
  Effect,
  PreparedChain,
  PreparedRule,
  PreparedTable,
  PreparedTables,
  SimpleCondition,
} from "./prepared-rule.ts";
import { conditionsOfTarget, prepareMap, prepareStatements } from "./prepared-statements.ts";
import { courseOf, readsChanged, rewritingOf } from "./target-effects.ts";

/** Opens what gives every table of a rule set in a space. Rules that have their matches and targets in common are prepared once. */
export function openPreparer(space: FlowSpace): (ruleset: Ruleset) => PreparedTables {
  const known: KnownParts = { matches: new Map(), targets: new Map() };
  const first = new Map<string, PreparedTable>();
  return (ruleset) =>
    new Map(
      listActiveTables(ruleset).map((table) => {
        const key = tableKey(table);
        const made = prepareTable(table, space, known, first.get(key));
        if (!first.has(key)) first.set(key, made);
        return [key, made];
      }),
    );
}

/** What parts of rules were prepared to: the rules of a large set share most matches and targets. */
interface KnownParts {
  readonly matches: Map<Match, readonly Condition[]>;
  readonly targets: Map<Target, PreparedRule>;
}

function prepareTable({ chains }: Table, space: FlowSpace, known: KnownParts, like?: PreparedTable): PreparedTable {
  const prepare = (rules: readonly Rule[], before: PreparedChain | undefined) =>
    rules.map(
      (rule, at) =>
        (before && findMade({ parts: before.of, made: before.rules }, rules, at, isShared)) ??
        prepareRule(rule, space, known),
    );
  return {
    chains: new Map(
      chains.map(({ name, base, rules }) => [name, { base, of: rules, rules: prepare(rules, like?.chains.get(name)) }]),
    ),
  };
}

/** Says whether two rules have their parts in common, as `shareRules` gives them. */
function isShared(one: Rule | undefined, other: Rule | undefined): boolean {
  return one?.matches === other?.matches && one?.target === other?.target;
}

function prepareRule({ matches, target }: Rule, space: FlowSpace, known: KnownParts): PreparedRule {
  const conditions: Condition[] = [];
  for (const match of matches) {
    // Hardly two rules share an address, and a comment asks for nothing.
    const isOwn = match.kind === "source" || match.kind === "destination" || match.kind === "comment";
    const parts = isOwn ? prepareMatch(match, space) : keep(known.matches, match, () => prepareMatch(match, space));
    for (const part of parts) conditions.push(part);
  }
  if (target === null) return { conditions, effect: { kind: "next" } };
  const last = keep(known.targets, target, () => ({
    conditions: conditionsOfTarget(target, space),
    effect: prepareTarget(target, space),
  }));
  for (const before of last.conditions) conditions.push(before);
  return { conditions, effect: last.effect };
}

function keep<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}

function prepareMatch(match: Match, space: FlowSpace): readonly Condition[] {
  if (match.kind === "compare") {
    const test = prepareCompare(match, space);
    return test === null ? [NEVER] : flattenTest(test, space);
  }
  const question = questionOf(match);
  switch (question.asks) {
    case "nothing":
      return [];
    case "unknown":
      return [{ kind: "variable", variable: findUnknown(match, space), value: 1 }];
    case "packet":
      return [askPacket(match, space)];
    case "state":
      return [{ kind: "variable", variable: space.restVariable(nameFact(match, "with its form")), value: 1 }];
    case "flow":
      return askFlow(match, question, space);
  }
}

/**
 * Gives the conditions that a comparison comes to where all of them must hold, as those of an iptables match must: one element that a
 * packet is to have, or ranges of one field. They make a diagram with less work than the comparison does.
 */
function flattenTest(test: CompareTest, space: FlowSpace): readonly Condition[] {
  const { readable, elements, wants } = test;
  const [first = [], ...others] = elements;
  const isRead = (conditions: readonly SimpleCondition[]) =>
    readable.filter(
      (each) => each.kind !== "field" || !conditions.some((one) => one.kind === "field" && one.field === each.field),
    );
  if (wants === "some" && elements.length === 1) return [...isRead(first), ...first];
  const [only] = first;
  if (only?.kind !== "field") return [test];
  const ranges = [first, ...others].map(([one, ...more]) =>
    one?.kind === "field" && one.field === only.field && more.length === 0 ? one.allowed : null,
  );
  if (!ranges.every((each) => each !== null)) return [test];
  const allowed = uniteIntervals(ranges.flat());
  const held = wants === "some" ? allowed : invertIntervals(allowed, axisOfField(only.field, space).size - 1);
  return [...isRead(first), { ...only, allowed: held }];
}

const NEVER: Condition = { kind: "compare", readable: [], elements: [], wants: "some" };

/** What some rule changes may be another thing for each packet: it is no property of the flow. */
function findUnknown(match: Match, space: FlowSpace): number {
  const text = match.kind === "unknown" ? match.text : nameFact(match);
  return readsChanged(text, space.mattering) ? space.restVariable(`unknown ${text}`) : space.unknownVariable(text);
}

function askPacket(match: Match, space: FlowSpace): Condition {
  const negated = "negated" in match && match.negated;
  return { kind: "variable", variable: space.restVariable(nameFact(match)), value: negated ? 0 : 1 };
}

function askFlow(
  match: Match,
  question: Extract<MatchQuestion, { readonly asks: "flow" }>,
  space: FlowSpace,
): readonly Condition[] {
  const negated = "negated" in match && match.negated;
  const axis = space[question.axis];
  const atoms = uniteIntervals(toAtoms(axis, question.ranges));
  const [field, other] = question.fields;
  if (other !== undefined || field === undefined)
    return [{ kind: "either-port", allowed: atoms, negated, text: nameFact(match) }];
  return [{ kind: "field", field, allowed: negated ? invertIntervals(atoms, axis.size - 1) : atoms, negated }];
}

/**
 * Names the fact a match asks about. Of a packet the negation asks about the same fact. Of a connection it does not: a packet that has none
 * may fail both forms, so that each is a fact `with its form`.
 */
function nameFact(match: Match, form: "without its form" | "with its form" = "without its form"): string {
  const named = form === "with its form" ? match : { ...match, negated: false };
  return JSON.stringify(named, (_, value) => (typeof value === "bigint" ? `${value}` : value));
}

function prepareTarget(target: Target, space: FlowSpace): Effect {
  const { family, mattering } = space;
  const prepare = {
    match: (match: Match) => prepareMatch(match, space),
    target: (part: Target) => ({
      conditions: conditionsOfTarget(part, space),
      effect: prepareTarget(part, space),
    }),
  };
  if (target.kind === "statements") return prepareStatements(target, prepare);
  if (target.kind === "map") return prepareMap(target, space, prepare);
  if (target.kind === "jump" || target.kind === "goto") return { kind: target.kind, chain: target.chain };
  const course = courseOf(target, mattering);
  switch (course) {
    case "next":
    case "return":
      return { kind: course };
    case "act":
    case "final":
      return { kind: course, text: renderTarget(target, family), sentTo: sentToOf(target) };
    case "call":
      throw new TypeError(`${target.kind} calls no chain`);
  }
}

function sentToOf(target: Target): readonly bigint[] {
  const rewriting = rewritingOf(target);
  if (rewriting?.side !== "destination" || rewriting.addresses === null || rewriting.addresses === "local") return [];
  const { first, last } = rewriting.addresses;
  return first === last ? [addressValue(first)] : [];
}
