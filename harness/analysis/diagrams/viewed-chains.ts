import type { BaseChain } from "../../model/ruleset.ts";
import type { FlowSpace } from "../flows/flow-space.ts";
import type { Field } from "./axis-ranges.ts";
import { axisOfField } from "./field-axis.ts";
import { bindField, type PacketView } from "./packet-view.ts";
import { type EndBinding, type EndRole, listViews, type Rewrites } from "./packet-views.ts";
import type { CompareTest, Condition, Effect, PreparedRule, PreparedTable, PreparedTables } from "./prepared-rule.ts";

/** A base chain of some rule set. */
interface Place {
  readonly table: string;
  readonly chain: string;
  readonly base: BaseChain;
}

/** A base chain with every view of packets it has to be looked at in. */
export interface ViewedChain extends Place {
  readonly views: readonly PacketView[];
}

/** The base chains that some rule set has, each with the views that its rules can tell apart. */
export function listViewedChains(
  rulesets: readonly PreparedTables[],
  rewrites: Rewrites,
  space: FlowSpace,
): readonly ViewedChain[] {
  const places = new Map(rulesets.flatMap(listPlaces).map((place) => [renderPlace(place), place]));
  return [...places.values()].map((place) => {
    const { table, chain, base } = place;
    const cuts = findCuts(
      rulesets.flatMap((tables) => tables.get(table) ?? []),
      chain,
    );
    const views = new Map(
      listViews(base, rewrites, (ends, role) => narrowEnds(ends, role, cuts, space)).map((view) => [
        describeView(view, cuts, space),
        view,
      ]),
    );
    return { ...place, views: [...views.values()] };
  });
}

function listPlaces(tables: PreparedTables): readonly Place[] {
  return [...tables].flatMap(([table, { chains }]) =>
    [...chains].flatMap(([chain, { base }]) => (base === null ? [] : [{ table, chain, base }])),
  );
}

function renderPlace({ table, chain, base }: Place): string {
  return `${table} ${chain} ${base.hook} ${base.type} ${base.priority}`;
}

/** Names the chains that stand at one hook with one priority, where there are several: which of them runs first is theirs to tell. */
export function describeTies(tables: PreparedTables): string {
  const groups = Map.groupBy(listPlaces(tables), ({ base }) => `${base.hook} ${base.type} ${base.priority}`);
  const ties = [...groups.values()].filter((group) => group.length > 1);
  return JSON.stringify(ties.map((group) => group.map(renderPlace)));
}

type FieldCuts = readonly { readonly field: Field; readonly atoms: readonly number[] }[];

/** The atoms at which some rule that a chain leads to changes its mind, by field. */
function findCuts(tables: readonly PreparedTable[], chain: string): FieldCuts {
  const cuts = new Map<Field, Set<number>>();
  // Rules share their conditions on ports.
  const seen = new Set<Condition>();
  for (const table of tables)
    for (const name of reachable(table, chain))
      for (const rule of table.chains.get(name)?.rules ?? []) noteCuts(rule, cuts, seen);
  return [...cuts].map(([field, atoms]) => ({ field, atoms: [...atoms].sort((a, b) => a - b) }));
}

/** Notes what each condition of a rule on one field cuts, those of its comparisons and of its statements too. */
function noteCuts({ conditions, effect }: PreparedRule, cuts: Map<Field, Set<number>>, seen: Set<Condition>): void {
  for (const condition of conditions) {
    if (condition.kind === "variable" || seen.has(condition)) continue;
    seen.add(condition);
    if (condition.kind === "compare")
      for (const part of [condition.readable, ...condition.elements].flat()) noteCut(part, cuts);
    else noteCut(condition, cuts);
  }
  for (const part of partsOf(effect)) noteCuts(part, cuts, seen);
}

function noteCut(condition: Exclude<Condition, CompareTest>, cuts: Map<Field, Set<number>>): void {
  if (condition.kind === "variable") return;
  for (const field of condition.kind === "field" ? [condition.field] : PORT_FIELDS) {
    const atoms = cuts.get(field) ?? new Set();
    cuts.set(field, atoms);
    for (const [first, last] of condition.allowed) atoms.add(first).add(last + 1);
  }
}

function partsOf(effect: Effect): readonly PreparedRule[] {
  if (effect.kind === "sequence") return effect.parts;
  return effect.kind === "choice" ? effect.branches : [];
}

function listCalls(effect: Effect): readonly string[] {
  if (effect.kind === "jump" || effect.kind === "goto") return [effect.chain];
  return partsOf(effect).flatMap((part) => listCalls(part.effect));
}

const PORT_FIELDS: readonly Field[] = ["source-port", "destination-port"];

function reachable(table: PreparedTable, chain: string): ReadonlySet<string> {
  const seen = new Set([chain]);
  for (const name of seen) {
    for (const { effect } of table.chains.get(name)?.rules ?? []) {
      for (const called of listCalls(effect)) seen.add(called);
    }
  }
  return seen;
}

/** Names what of a view a chain's rules can see: fields nobody asks about are left out, values between the same two cuts are one. */
function describeView(view: PacketView, cuts: FieldCuts, space: FlowSpace): string {
  const parts = cuts.map(({ field, atoms }) => {
    const bound = bindField(view, field);
    if (bound.kind === "dimension") return `${field}=${bound.name}`;
    if (bound.kind === "choice") return `${field} of ${bound.first}-${bound.last}`;
    if (bound.kind !== "value") return `${field} ${bound.kind}`;
    return `${field} ${countUpTo(atoms, axisOfField(field, space).atomOf(bound.value))}`;
  });
  return parts.join(", ");
}

/** Of ends that lie between the same cuts, in each role that they have, one stands for all. */
function narrowEnds(
  ends: readonly EndBinding[],
  role: EndRole,
  cuts: FieldCuts,
  space: FlowSpace,
): readonly EndBinding[] {
  const asked = cuts.filter(({ field }) => ENDS_FIELDS[role].includes(field));
  const known = new Map<string, EndBinding>();
  for (const end of ends) {
    const forth = { source: end.address, sourcePort: end.port, owner: "none" } as const;
    const key = describeView({ ...forth, destination: end.address, destinationPort: end.port }, asked, space);
    if (!known.has(key)) known.set(key, end);
  }
  return [...known.values()];
}

const SOURCE_FIELDS: readonly Field[] = ["source", "source-port"];
const DESTINATION_FIELDS: readonly Field[] = ["destination", "destination-port"];
/** The fields in which a chain sees an end. */
const ENDS_FIELDS = {
  source: SOURCE_FIELDS,
  destination: DESTINATION_FIELDS,
  both: [...SOURCE_FIELDS, ...DESTINATION_FIELDS],
} as const satisfies Record<EndRole, readonly Field[]>;

/** Gives how many cuts stand at or before an atom. */
function countUpTo(cuts: readonly number[], atom: number): number {
  let [low, high] = [0, cuts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cuts[middle] as number) <= atom) low = middle + 1;
    else high = middle;
  }
  return low;
}
