import { DIMENSION, type FlowSpace } from "../flows/flow-space.ts";
import type { Field } from "./axis-ranges.ts";
import type { CubeCondition } from "./cube.ts";
import { axisOfField } from "./field-axis.ts";
import { coverIntervals, holdsNumber, type Intervals, invertIntervals, meetIntervals } from "./intervals.ts";
import { bindField, type Choice, type PacketView } from "./packet-view.ts";
import type { Condition, FieldCondition } from "./prepared-rule.ts";

/** Sets of clauses that exclude each other, one of which must hold: `[]` never holds, `[[]]` always does. */
export type Choices = readonly (readonly CubeCondition[])[];

const NEVER: Choices = [];
const ALWAYS: Choices = [[]];

/** Gives what some conditions come to, comparisons left aside. */
export type Bind = (conditions: readonly Condition[]) => Choices;

type BindField = (condition: Pick<FieldCondition, "allowed" | "negated">) => Choices;

/** Gives a function that says what conditions come to in a view. What its fields are is looked up once, for all rules. */
export function openBinding(view: PacketView, space: FlowSpace): Bind {
  const fields: Readonly<Record<Field, BindField>> = {
    source: openField("source", view, space),
    destination: openField("destination", view, space),
    "source-port": openField("source-port", view, space),
    "destination-port": openField("destination-port", view, space),
    uid: openField("uid", view, space),
    gid: openField("gid", view, space),
  };
  return (conditions) => {
    let choices = ALWAYS;
    for (const condition of conditions) {
      if (condition.kind === "compare") continue;
      const bound = bindCondition(condition, fields, space);
      if (bound.length === 0) return NEVER;
      if (bound === ALWAYS) continue;
      choices = choices === ALWAYS ? bound : pairChoices(choices, bound);
    }
    return choices;
  };
}

function pairChoices(some: Choices, others: Choices): Choices {
  const [[one, ...more], [other, ...further]] = [some, others];
  // Nearly all rules have one choice.
  if (one && other && more.length === 0 && further.length === 0) return [one.concat(other)];
  return some.flatMap((clauses) => others.map((own) => [...clauses, ...own]));
}

function bindCondition(
  condition: Exclude<Condition, { kind: "compare" }>,
  fields: Readonly<Record<Field, BindField>>,
  space: FlowSpace,
): Choices {
  if (condition.kind === "variable") return [[[condition.variable, [[condition.value, condition.value]]]]];
  return condition.kind === "field" ? fields[condition.field](condition) : bindEitherPort(condition, fields, space);
}

/** Gives what a condition on a field comes to in a view. */
function openField(field: Field, view: PacketView, space: FlowSpace): BindField {
  const bound = bindField(view, field);
  switch (bound.kind) {
    case "dimension": {
      const [variable, reach] = [DIMENSION[bound.name], space.reach[bound.name]];
      return ({ allowed }) => bindDimension(variable, allowed, reach);
    }
    case "value": {
      const atom = axisOfField(field, space).atomOf(bound.value);
      return ({ allowed }) => (holdsNumber(allowed, atom) ? ALWAYS : NEVER);
    }
    case "absent":
      return ({ negated }) => (negated ? ALWAYS : NEVER);
    case "choice":
      return ({ allowed }) => bindChoice(bound, field, allowed, space);
    case "free":
      return ({ allowed }) => [[[space.restVariable(`free port in ${JSON.stringify(allowed)}`), [[1, 1]]]]];
  }
}

/** What the kernel chooses is in what holds the whole range, and not in what holds nothing of it; in between the flow does not say. */
function bindChoice({ first, last }: Choice<bigint>, field: Field, allowed: Intervals, space: FlowSpace): Choices {
  const axis = axisOfField(field, space);
  const whole: Intervals = [[axis.atomOf(first), axis.atomOf(last)]];
  if (!meetIntervals(allowed, whole)) return NEVER;
  if (coverIntervals(allowed, whole)) return ALWAYS;
  const name = `${field} chosen from ${first}-${last} in ${JSON.stringify(allowed)}`;
  return [[[space.restVariable(name), [[1, 1]]]]];
}

/** What no flow of the space has is never met, and what all have always is: rules that do not concern them make no diagram. */
function bindDimension(variable: number, allowed: Intervals, reach: Intervals | undefined): Choices {
  if (reach === undefined) return [[[variable, allowed]]];
  if (!meetIntervals(allowed, reach)) return NEVER;
  return coverIntervals(allowed, reach) ? ALWAYS : [[[variable, allowed]]];
}

/** `--ports`: the destination's is in the ranges, or else the source's is; a negated one asks that neither is. */
function bindEitherPort(
  { allowed, negated }: Condition & { readonly kind: "either-port" },
  fields: Readonly<Record<Field, BindField>>,
  space: FlowSpace,
): Choices {
  const others = invertIntervals(allowed, space.ports.size - 1);
  const ask = (field: "source-port" | "destination-port", ranges: Intervals) =>
    fields[field]({ allowed: ranges, negated: false });
  const neither = (field: "source-port" | "destination-port") => ask(field, others);
  if (negated) return pairChoices(neither("destination-port"), neither("source-port"));
  return [
    ...ask("destination-port", allowed),
    ...pairChoices(neither("destination-port"), ask("source-port", allowed)),
  ];
}
