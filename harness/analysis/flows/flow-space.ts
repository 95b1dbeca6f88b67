import { addressBits, type Family } from "../../model/address.ts";
import { MAX_ID, MAX_PORT } from "../../model/pod.ts";
import { listDistinctMatches } from "../../model/rule-parts.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import type { SplitPoints } from "../../model/split-points.ts";
import { type Diagrams, openDiagrams } from "../diagrams/diagrams.ts";
import type { Intervals } from "../diagrams/intervals.ts";
import { listRanges } from "../diagrams/match-traits.ts";
import { findMattering, type Mattering } from "../diagrams/target-effects.ts";
import { type Axis, boundariesOf, makeAxis } from "./axis.ts";

/**
 * The dimensions of flows, as variables of diagrams, in the order in which diagrams test them. Unknown matches follow from `unknown` on.
 */
export const DIMENSION = { uid: 0, gid: 1, source: 2, destination: 3, port: 4, unknown: 5 } as const;

/**
 * Variables from here on are no properties of a flow but of a packet on its way (its mark, its state, its interfaces). What a chain does
 * with them stays an undivided rest: flows with equal rests are treated alike, whatever the packets carry.
 */
export const FIRST_REST = 1_000_000;

/** The space of one family's flows, cut at every boundary that some rule names, with the workshop of its diagrams. */
export interface FlowSpace {
  readonly family: Family;
  readonly diagrams: Diagrams;
  /** Of sources and destinations. */
  readonly addresses: Axis;
  /** Of destination and source ports. */
  readonly ports: Axis;
  /** Of uids and gids. */
  readonly ids: Axis;
  /** The atoms that the flows in question have, by dimension; one that is not there may have every atom. */
  readonly reach: Readonly<Partial<Record<keyof typeof DIMENSION, Intervals>>>;
  /** What some rule changes and a match that is not understood may read. */
  readonly mattering: Mattering;
  /** Gives the variable of a match that is not understood, by its text. */
  unknownVariable(text: string): number;
  /** Gives the text of an unknown match's variable. */
  unknownText(variable: number): string;
  /** Gives the variable of a fact about packets, by any text that names it. */
  restVariable(text: string): number;
}

/** Opens the space of the flows of one family for some rule sets, cut at further points, with room for `budget` diagram nodes. */
export function openFlowSpace(
  family: Family,
  rulesets: readonly Ruleset[],
  cuts: SplitPoints,
  budget?: number,
): FlowSpace {
  const boundaries = {
    addresses: boundariesOf(cuts.addresses),
    ports: boundariesOf(cuts.ports),
    ids: boundariesOf(cuts.ids),
  };
  const found = { addresses: [...boundaries.addresses], ports: [...boundaries.ports], ids: [...boundaries.ids] };
  for (const match of listDistinctMatches(rulesets)) {
    for (const { axis, ranges } of listRanges(match, family))
      for (const boundary of boundariesOf(ranges)) found[axis].push(boundary);
  }
  const unknowns = openRegister(DIMENSION.unknown);
  const rests = openRegister(FIRST_REST);
  const axes = {
    addresses: makeAxis(found.addresses, (1n << BigInt(addressBits(family))) - 1n),
    ports: makeAxis(found.ports, BigInt(MAX_PORT)),
    ids: makeAxis(found.ids, BigInt(MAX_ID)),
  };
  return {
    family,
    diagrams: openDiagrams(budget),
    ...axes,
    reach: {},
    mattering: findMattering(rulesets),
    unknownVariable: unknowns.numberOf,
    unknownText: unknowns.textOf,
    restVariable: rests.numberOf,
  };
}

/** Gives how many values a variable has: atoms of its axis, or two for what holds or does not. */
export function sizeOf(space: FlowSpace, variable: number): number {
  if (variable >= DIMENSION.unknown) return 2;
  if (variable === DIMENSION.port) return space.ports.size;
  return variable <= DIMENSION.gid ? space.ids.size : space.addresses.size;
}

/** Numbers texts in the order in which they come. */
function openRegister(first: number) {
  const texts: string[] = [];
  const numbers = new Map<string, number>();
  return {
    numberOf: (text: string) => {
      const known = numbers.get(text);
      if (known !== undefined) return known;
      numbers.set(text, first + texts.length);
      texts.push(text);
      return first + texts.length - 1;
    },
    textOf: (number: number) => texts[number - first] ?? "",
  };
}
