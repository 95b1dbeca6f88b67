import type { CompareElement, CompareKey, CompareMatch } from "../../model/compare.ts";
import type { MapTarget } from "../../model/target.ts";
import { toAtoms } from "../flows/axis.ts";
import type { FlowSpace } from "../flows/flow-space.ts";
import { elementRanges, familyOfKey, keyTraits } from "./compare-traits.ts";
import { type Intervals, uniteIntervals } from "./intervals.ts";
import type { CompareTest, FieldCondition, SimpleCondition, VariableCondition } from "./prepared-rule.ts";

/** Gives what a comparison asks; null where no packet of the space's family has what it reads. */
export function prepareCompare(match: CompareMatch, space: FlowSpace): CompareTest | null {
  const { keys, operator, elements } = match;
  const readable = prepareReadable(keys, space);
  if (readable === null) return null;
  if (keys.every((key) => keyTraits(key).field === null))
    return { kind: "compare", readable, elements: [[askFact(nameFact(match), space)]], wants: "some" };
  switch (operator) {
    case "==":
    case "!=":
      return {
        kind: "compare",
        readable,
        elements: elements.map((element) => prepareElement(keys, element, space)),
        wants: operator === "==" ? "some" : "none",
      };
    case "<":
    case "<=":
    case ">":
    case ">=":
      return {
        kind: "compare",
        readable,
        elements: [prepareOrder(match, space)],
        wants: operator.startsWith("<") ? "some" : "none",
      };
    // No field of a flow is made of flags.
    case "any-bit":
    case "no-bit":
      return { kind: "compare", readable, elements: [[askFact(nameFact(match), space)]], wants: "some" };
  }
}

type Readable = readonly SimpleCondition[] | null;

/** What keys ask of a packet, by space: rules that differ in a value alone share their list of keys. */
const READABLE = new WeakMap<FlowSpace, Map<readonly CompareKey[], Readable>>();

/** Gives what keys ask of a packet before their values are compared; null where the space's family has no such packets. */
function prepareReadable(keys: readonly CompareKey[], space: FlowSpace): Readable {
  const known = READABLE.get(space) ?? new Map<readonly CompareKey[], Readable>();
  READABLE.set(space, known);
  const found = known.get(keys);
  if (found !== undefined) return found;
  const made = prepareEachKey(keys, space);
  known.set(keys, made);
  return made;
}

function prepareEachKey(keys: readonly CompareKey[], space: FlowSpace): Readable {
  if (keys.some((key) => (familyOfKey(key) ?? space.family) !== space.family)) return null;
  return keys.flatMap((key): readonly SimpleCondition[] => {
    const traits = keyTraits(key);
    if (traits.field === null) return [askFact(`reads ${nameFact({ ...key, mask: null })}`, space)];
    const whole: Intervals = [[0, space[traits.axis].size - 1]];
    const field: FieldCondition = { kind: "field", field: traits.field, allowed: whole, negated: false };
    if (traits.needs === null) return [field];
    return [askFact(nameFact({ kind: "protocol", negated: false, protocol: traits.needs }), space), field];
  });
}

function prepareElement(
  keys: readonly CompareKey[],
  element: CompareElement,
  space: FlowSpace,
): readonly SimpleCondition[] {
  return keys.flatMap((key, i): readonly SimpleCondition[] => {
    const range = element[i];
    if (range === undefined) return [];
    const traits = keyTraits(key);
    if (traits.field === null) return [askFact(`${nameFact(key)} in ${nameFact(range)}`, space)];
    const allowed = uniteIntervals(
      toAtoms(space[traits.axis], elementRanges(key, range, { axis: traits.axis, family: space.family })),
    );
    return [{ kind: "field", field: traits.field, allowed, negated: false }];
  });
}

/** `<` and `<=` ask for what is below; `>` and `>=` for what is not. */
function prepareOrder({ keys, operator, elements }: CompareMatch, space: FlowSpace): readonly SimpleCondition[] {
  const range = elements[0]?.[0];
  const value = range !== undefined && "first" in range ? range.first : 0n;
  const last = operator === "<" || operator === ">=" ? value - 1n : value;
  const below: CompareElement = [last < 0n ? { name: "" } : { first: 0n, last }];
  return prepareElement(keys, below, space);
}

/** Gives what each branch of a map asks, in order; null where the space's family has no packet with what the keys read. */
export function prepareMapKeys({ keys, branches }: MapTarget, space: FlowSpace): readonly CompareTest[] | null {
  const readable = prepareReadable(keys, space);
  if (readable === null) return null;
  return branches.map(({ element }) => ({
    kind: "compare",
    readable,
    elements: [element === null ? [] : prepareElement(keys, element, space)],
    wants: "some",
  }));
}

function askFact(name: string, space: FlowSpace): VariableCondition {
  return { kind: "variable", variable: space.restVariable(name), value: 1 };
}

function nameFact(fact: object): string {
  return JSON.stringify(fact, (_, value) => (typeof value === "bigint" ? `${value}` : value));
}
