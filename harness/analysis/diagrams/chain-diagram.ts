// Long because the diagrams of rules, comparisons and statements call each other.

import { DIMENSION, type FlowSpace } from "../flows/flow-space.ts";
import { type CubeCondition, makeCube } from "./cube.ts";
import { type Diagram, foldBalanced } from "./diagrams.ts";
import { axisOfField } from "./field-axis.ts";
import { openIdlePruner } from "./idle-unknowns.ts";
import { holdsNumber, type Intervals, intersectIntervals, invertIntervals, subtractIntervals } from "./intervals.ts";
import type { Outcome, Outcomes } from "./outcomes.ts";
import { bindField, type Choice, type PacketView } from "./packet-view.ts";
import { type Memo, openPairs } from "./pairs.ts";
import type { CompareTest, Condition, Effect, PreparedRule, SimpleCondition } from "./prepared-rule.ts";
import type { PreparedTable } from "./prepared-rules.ts";

/** Makes diagrams of chains in one flow space; what it has made it knows again. */
export interface ChainCompiler {
  /**
   * Gives what a built-in chain does with the packets of a view. A terminal's name says which actions are taken and how the chain ends;
   * facts about packets that no flow decides stay in the diagram, below every dimension.
   */
  compile(table: PreparedTable, chain: string, view: PacketView): Diagram;
}

/**
 * Opens a compiler whose terminals are outcomes of some store. Each user-defined chain becomes one diagram a view, however many jumps lead
 * to it.
 */
export function openChainCompiler(space: FlowSpace, outcomes: Outcomes): ChainCompiler {
  const { diagrams } = space;
  const memos = {
    both: { some: openPairs(), none: openPairs() },
    first: openPairs(),
    second: openPairs(),
    sequence: openPairs(),
    guard: openPairs(),
    afterJump: openPairs(),
    afterGoto: openPairs(),
  };
  const [yes, no] = [diagrams.terminal("yes"), diagrams.terminal("no")];
  const next = outcomes.make({ end: "next", actions: "", sentTo: [] });
  const prune = openIdlePruner(space, outcomes.joinAccepts);

  const sequence = (f: Diagram, g: Diagram): Diagram =>
    diagrams.combine(f, g, (a, b) => outcomes.follow(a, b), memos.sequence);
  const mapEnds = (f: Diagram, memo: Memo, change: (outcome: Outcome) => Outcome): Diagram =>
    diagrams.combine(f, no, (a) => outcomes.make(change(outcomes.read(a))), memo);
  const afterJump = (f: Diagram) =>
    mapEnds(f, memos.afterJump, (outcome) => (outcome.end === "return" ? { ...outcome, end: "next" } : outcome));
  const afterGoto = (f: Diagram) =>
    mapEnds(f, memos.afterGoto, (outcome) => (outcome.end === "next" ? { ...outcome, end: "return" } : outcome));

  function guard(clauses: readonly CubeCondition[], then: Diagram): Diagram {
    const isTerminal = diagrams.childrenOf(then).length === 0;
    if (isTerminal || clauses.length === 0) return makeCube(space, clauses, then, next);
    const cube = makeCube(space, clauses, yes, no);
    return diagrams.combine(cube, then, (a, b) => (a === yes ? b : next), memos.guard);
  }

  /** Gives `then` where a comparison holds, and `otherwise` elsewhere. */
  function choose(test: CompareTest, view: PacketView, then: Diagram, otherwise: Diagram): Diagram {
    const cubeOf = (conditions: readonly SimpleCondition[], inside: Diagram, outside: Diagram) =>
      bindConditions(conditions, view, space).reduce(
        (rest, clauses) =>
          diagrams.combine(makeCube(space, clauses, yes, no), rest, (a, b) => (a === yes ? inside : b), openPairs()),
        outside,
      );
    const held = test.elements.reduce((rest, element) => cubeOf(element, yes, rest), no);
    const readable = cubeOf(test.readable, yes, no);
    const wanted = test.wants === "some" ? yes : no;
    const holds = diagrams.combine(
      readable,
      held,
      (a, b) => (a === yes && b === wanted ? yes : no),
      memos.both[test.wants],
    );
    return combineThree(holds, then, otherwise);
  }

  function combineThree(holds: Diagram, then: Diagram, otherwise: Diagram): Diagram {
    if (diagrams.childrenOf(holds).length === 0) return holds === yes ? then : otherwise;
    const first = diagrams.combine(holds, then, (a, b) => (a === yes ? b : no), memos.first);
    return diagrams.combine(first, otherwise, (a, b) => (a === no ? b : a), memos.second);
  }

  function guardAll(rule: PreparedRule, view: PacketView, then: Diagram): Diagram {
    const compares = rule.conditions.filter((condition) => condition.kind === "compare");
    const inner = compares.reduceRight((rest, test) => choose(test, view, rest, next), then);
    const choices = bindRule(rule, view, space);
    if (compares.length === 0 || choices.length <= 1)
      return choices.length === 0 ? next : guard(choices[0] ?? [], inner);
    return choices.map((clauses) => guard(clauses, inner)).reduce(sequence);
  }

  function compileEffect(effect: Effect, table: PreparedTable, view: PacketView, done: Map<string, Diagram>): Diagram {
    switch (effect.kind) {
      case "next":
      case "return":
        return outcomes.make({ end: effect.kind, actions: "", sentTo: [] });
      case "act":
        return outcomes.make({ end: "next", actions: `${effect.text}; `, sentTo: effect.sentTo });
      case "final":
        return outcomes.make({ end: "final", actions: effect.text, sentTo: effect.sentTo });
      case "sequence":
        return effect.parts.reduceRight(
          (rest, part) => guardAll(part, view, sequence(compileEffect(part.effect, table, view, done), rest)),
          next,
        );
      case "choice":
        return effect.branches.reduceRight((rest, { conditions, effect: taken }) => {
          const then = compileEffect(taken, table, view, done);
          return conditions.reduceRight(
            (inner, test) => (test.kind === "compare" ? choose(test, view, inner, rest) : inner),
            then,
          );
        }, next);
      case "jump":
        return afterJump(compileChain(effect.chain, table, view, done));
      case "goto":
        return afterGoto(compileChain(effect.chain, table, view, done));
    }
  }

  function compileChain(name: string, table: PreparedTable, view: PacketView, done: Map<string, Diagram>): Diagram {
    const known = done.get(name);
    if (known !== undefined) return known;
    const rules = table.chains.get(name)?.rules ?? [];
    const made = rules.flatMap((rule) => {
      const choices = bindRule(rule, view, space);
      if (choices.length === 0) return [];
      const then = compileEffect(rule.effect, table, view, done);
      if (rule.conditions.some(({ kind }) => kind === "compare")) return [guardAll(rule, view, then)];
      return choices.map((clauses) => guard(clauses, then));
    });
    const diagram = foldBalanced(made, sequence) ?? next;
    done.set(name, diagram);
    return diagram;
  }

  return {
    compile: (table, chain, view) => {
      const policy = table.chains.get(chain)?.base?.policy ?? "ACCEPT";
      const end = outcomes.make({ end: "final", actions: `policy ${policy}`, sentTo: [] });
      const whole = afterJump(compileChain(chain, table, view, new Map()));
      const made = sequence(whole, end);
      return space.unknownText(DIMENSION.unknown) === "" ? made : prune(made);
    },
  };
}

/** Gives a rule's clauses in a view. None at all: it never matches. Two sets: they exclude each other. */
function bindRule(rule: PreparedRule, view: PacketView, space: FlowSpace): readonly (readonly CubeCondition[])[] {
  return bindConditions(
    rule.conditions.filter((condition) => condition.kind !== "compare"),
    view,
    space,
  );
}

function bindConditions(
  conditions: readonly Exclude<Condition, CompareTest>[],
  view: PacketView,
  space: FlowSpace,
): readonly (readonly CubeCondition[])[] {
  return conditions.reduce<readonly (readonly CubeCondition[])[]>(
    (choices, condition) => {
      const bound = bindCondition(condition, view, space);
      return choices.flatMap((clauses) => bound.map((more) => [...clauses, ...more]));
    },
    [[]],
  );
}

/** Gives what a condition comes to in a view: `[]` never, `[[]]` always, else clauses. */
function bindCondition(
  condition: Exclude<Condition, CompareTest>,
  view: PacketView,
  space: FlowSpace,
): readonly (readonly CubeCondition[])[] {
  if (condition.kind === "variable") return [[[condition.variable, [[condition.value, condition.value]]]]];
  if (condition.kind === "either-port") return bindEitherPort(condition, view, space);
  const bound = bindField(view, condition.field);
  switch (bound.kind) {
    case "dimension":
      return bindDimension(DIMENSION[bound.name], condition.allowed, space.reach[bound.name]);
    case "value":
      return holdsNumber(condition.allowed, axisOfField(condition.field, space).atomOf(bound.value)) ? [[]] : [];
    case "absent":
      return condition.negated ? [[]] : [];
    case "choice":
      return bindChoice(bound, condition, space);
    case "free":
      return [[[space.restVariable(`free port in ${JSON.stringify(condition.allowed)}`), [[1, 1]]]]];
  }
}

/** What the kernel chooses is in what holds the whole range, and not in what holds nothing of it; in between the flow does not say. */
function bindChoice(
  { first, last }: Choice<bigint>,
  { field, allowed }: Condition & { readonly kind: "field" },
  space: FlowSpace,
): readonly (readonly CubeCondition[])[] {
  const axis = axisOfField(field, space);
  const whole: Intervals = [[axis.atomOf(first), axis.atomOf(last)]];
  const met = intersectIntervals(allowed, whole);
  if (met.length === 0) return [];
  if (subtractIntervals(whole, met).length === 0) return [[]];
  const name = `${field} chosen from ${first}-${last} in ${JSON.stringify(allowed)}`;
  return [[[space.restVariable(name), [[1, 1]]]]];
}

/** What no flow of the space has is never met, and what all have always is: rules that do not concern them make no diagram. */
function bindDimension(
  variable: number,
  allowed: Intervals,
  reach: Intervals | undefined,
): readonly (readonly CubeCondition[])[] {
  if (reach === undefined) return [[[variable, allowed]]];
  const met = intersectIntervals(allowed, reach);
  if (met.length === 0) return [];
  return subtractIntervals(reach, met).length === 0 ? [[]] : [[[variable, allowed]]];
}

/** `--ports`: the destination's is in the ranges, or else the source's is; a negated one asks that neither is. */
function bindEitherPort(
  condition: Condition & { readonly kind: "either-port" },
  view: PacketView,
  space: FlowSpace,
): readonly (readonly CubeCondition[])[] {
  const { allowed, negated } = condition;
  const others = invertIntervals(allowed, space.ports.size - 1);
  const ask = (field: "source-port" | "destination-port", ranges: Intervals) =>
    bindCondition({ kind: "field", field, allowed: ranges, negated: false }, view, space);
  const both = (one: readonly (readonly CubeCondition[])[], other: readonly (readonly CubeCondition[])[]) =>
    one.flatMap((first) => other.map((second) => [...first, ...second]));
  const neither = (field: "source-port" | "destination-port") => ask(field, others);
  if (negated) return both(neither("destination-port"), neither("source-port"));
  return [...ask("destination-port", allowed), ...both(neither("destination-port"), ask("source-port", allowed))];
}
