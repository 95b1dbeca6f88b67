import type { LandedFlow, PropertyResult } from "../../analysis/proof/prove.ts";
import type { Capture } from "../../model/capture.ts";
import type { PodRules } from "../../model/ruleset.ts";
import { type ObservedLanding, type OpenSandbox, observeClaims } from "./claims.ts";

/** Gives what the kernel made of a counterexample or an exception; undefined where nothing was driven. */
export type ObservationOf = (landed: LandedFlow) => ObservedLanding | undefined;

/**
 * Drives every counterexample and every named exception through one sandbox with the rules in it, each in the manner that shows it. Gives
 * a function from such a flow to what was seen of it. Where there is nothing to drive no sandbox is opened.
 */
export async function observeResults(
  open: OpenSandbox,
  results: readonly PropertyResult[],
  rules: PodRules,
  capture: Capture,
): Promise<ObservationOf> {
  const claims = listLanded(results);
  if (claims.length === 0) return () => undefined;
  const [seen = []] = await observeClaims(open, [{ rules, claims }], capture.shape);
  const found = new Map(claims.map((claim, i) => [claim, seen[i]]));
  return (landed) => found.get(landed);
}

/** Gives the flows that results name, in their order: of each property its counterexample first, then its exceptions. */
export function listLanded(results: readonly PropertyResult[]): readonly LandedFlow[] {
  return results.flatMap(({ counterexample, exceptions }) => [
    ...(counterexample ? [counterexample] : []),
    ...exceptions,
  ]);
}
