import { DIMENSION, type FlowSpace } from "../flows/flow-space.ts";
import { findMade, type MadeOf } from "./aligned.ts";
import { type Bind, openBinding } from "./binding.ts";
import { type CubeCondition, makeCube } from "./cube.ts";
import type { Diagram } from "./diagrams.ts";
import { foldBeside } from "./fold-beside.ts";
import { openIdlePruner } from "./idle-unknowns.ts";
import { TERMINAL } from "./node-parts.ts";
import type { Outcome, Outcomes } from "./outcomes.ts";
import type { PacketView } from "./packet-view.ts";
import { type Memo, openPairs } from "./pairs.ts";
import type { CompareTest, Effect, PreparedRule, PreparedTable, SimpleCondition } from "./prepared-rule.ts";

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

  const goesOn = (f: Diagram) => diagrams.variableOf(f) !== TERMINAL || outcomes.read(f).end === "next";
  // Most rules say nothing of most flows, and what one has ended no later one is asked about.
  const skip = { shortcut: (f: Diagram, g: Diagram) => (f === next ? g : g === next || !goesOn(f) ? f : undefined) };
  const sequence = (f: Diagram, g: Diagram): Diagram =>
    diagrams.combine(f, g, (a, b) => outcomes.follow(a, b), memos.sequence, skip);
  /** Gives `then` where a diagram of `yes` and `no` says yes, and `otherwise` elsewhere. */
  const where = (holds: Diagram, then: Diagram, otherwise: Diagram, memo: Memo): Diagram =>
    diagrams.combine(holds, then, (a, b) => (a === yes ? b : otherwise), memo, {
      shortcut: (a, b) => (a === yes ? b : a === no ? otherwise : undefined),
    });
  const mapEnds = (f: Diagram, memo: Memo, change: (outcome: Outcome) => Outcome): Diagram =>
    diagrams.combine(f, no, (a) => outcomes.change(a, change), memo);
  const afterJump = (f: Diagram) =>
    mapEnds(f, memos.afterJump, (outcome) => (outcome.end === "return" ? { ...outcome, end: "next" } : outcome));
  const afterGoto = (f: Diagram) =>
    mapEnds(f, memos.afterGoto, (outcome) => (outcome.end === "next" ? { ...outcome, end: "return" } : outcome));

  function guard(clauses: readonly CubeCondition[], then: Diagram): Diagram {
    const isTerminal = diagrams.childrenOf(then).length === 0;
    if (isTerminal || clauses.length === 0) return makeCube(space, clauses, then, next);
    const cube = makeCube(space, clauses, yes, no);
    return where(cube, then, next, memos.guard);
  }

  /** Gives `then` where a comparison holds, and `otherwise` elsewhere. */
  function choose(test: CompareTest, bind: Bind, then: Diagram, otherwise: Diagram): Diagram {
    const cubeOf = (conditions: readonly SimpleCondition[], inside: Diagram, outside: Diagram) =>
      bind(conditions).reduce(
        (rest, clauses) =>
          diagrams.combine(makeCube(space, clauses, yes, no), rest, (a, b) => (a === yes ? inside : b), openPairs(), {
            shortcut: (a, b) => (a === yes ? inside : a === no ? b : undefined),
          }),
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
    const first = where(holds, then, no, memos.first);
    return diagrams.combine(first, otherwise, (a, b) => (a === no ? b : a), memos.second, {
      shortcut: (a, b) => (a === no ? b : undefined),
    });
  }

  function guardAll(rule: PreparedRule, bind: Bind, then: Diagram): Diagram {
    const compares = rule.conditions.filter((condition) => condition.kind === "compare");
    const inner = compares.reduceRight((rest, test) => choose(test, bind, rest, next), then);
    const choices = bind(rule.conditions);
    if (compares.length === 0 || choices.length <= 1)
      return choices.length === 0 ? next : guard(choices[0] ?? [], inner);
    return choices.map((clauses) => guard(clauses, inner)).reduce(sequence);
  }

  function compileEffect(effect: Effect, pass: Pass): Diagram {
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
          (rest, part) => guardAll(part, pass.bind, sequence(compileEffect(part.effect, pass), rest)),
          next,
        );
      case "choice":
        return effect.branches.reduceRight((rest, { conditions, effect: taken }) => {
          const then = compileEffect(taken, pass);
          return conditions.reduceRight(
            (inner, test) => (test.kind === "compare" ? choose(test, pass.bind, inner, rest) : inner),
            then,
          );
        }, next);
      case "jump":
        return afterJump(compileChain(effect.chain, pass));
      case "goto":
        return afterGoto(compileChain(effect.chain, pass));
    }
  }

  function compileChain(name: string, pass: Pass): Diagram {
    const known = pass.done.get(name);
    if (known !== undefined) return known;
    const rules = pass.table.chains.get(name)?.rules ?? [];
    const before = pass.ruled.get(name);
    const all = rules.map((rule, at) => compileRule(rule, before && findMade(before, rules, at, Object.is), pass));
    if (before === undefined) pass.ruled.set(name, { parts: rules, made: all });
    const parts = all.flatMap(({ made }) => made);
    const diagram = foldBeside(parts, diagrams, { join: sequence, neutral: next }) ?? next;
    pass.done.set(name, diagram);
    return diagram;
  }

  function compileRule(rule: PreparedRule, known: MadeRule | undefined, pass: Pass): MadeRule {
    if (known === undefined) return makeRule(rule, pass);
    // The chain that a rule goes to may be another one in another table.
    return known.does === null || known.does === compileEffect(rule.effect, pass) ? known : makeRule(rule, pass);
  }

  function makeRule(rule: PreparedRule, pass: Pass): MadeRule {
    const choices = pass.bind(rule.conditions);
    if (choices.length === 0) return { does: null, made: NOTHING };
    const does = compileEffect(rule.effect, pass);
    const hasCompare = rule.conditions.some(({ kind }) => kind === "compare");
    return {
      does,
      made: hasCompare ? [guardAll(rule, pass.bind, does)] : choices.map((clauses) => guard(clauses, does)),
    };
  }

  let last: (Pick<Pass, "bind" | "ruled"> & { readonly view: PacketView }) | null = null;
  return {
    compile: (table, chain, view) => {
      const policy = table.chains.get(chain)?.base?.policy ?? "ACCEPT";
      const end = outcomes.make({ end: "final", actions: `policy ${policy}`, sentTo: [] });
      // Rule sets that are compared have most rules in common.
      if (last?.view !== view) last = { view, bind: openBinding(view, space), ruled: new Map() };
      const whole = afterJump(compileChain(chain, { ...last, table, done: new Map() }));
      const made = sequence(whole, end);
      return space.unknownText(DIMENSION.unknown) === "" ? made : prune(made);
    },
  };
}

/** What compiling a chain in a view needs beside it. */
interface Pass {
  readonly table: PreparedTable;
  readonly bind: Bind;
  /** The chains of the table that have been made. */
  readonly done: Map<string, Diagram>;
  /** What the rules of chains have come to in this view, in the first table that has a chain of the name. */
  readonly ruled: Map<string, MadeOf<PreparedRule, MadeRule>>;
}

/** What a rule has come to: what it does with the packets that it matches, null where it concerns no flow, and its diagrams. */
interface MadeRule {
  readonly does: Diagram | null;
  readonly made: readonly Diagram[];
}

/** What a rule that concerns no flow comes to. */
const NOTHING: readonly Diagram[] = [];
