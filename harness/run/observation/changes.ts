import type { Change } from "../../analysis/diff.ts";
import type { Landing } from "../../model/landing.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import type { PodRules } from "../../model/ruleset.ts";
import { type ObservedLanding, type OpenSandbox, observeClaims } from "./claims.ts";

/** What the kernel made of a change's witness under both rule sets. */
export interface ObservedChange {
  readonly before: Landing;
  readonly after: Landing;
  /** `confirmed`: it landed as predicted both times. `contradicted`: it did not, once at least. `not-observed`: neither is known. */
  readonly verdict: ObservedLanding["verdict"];
}

/** What is compared, and in what surroundings. */
export interface ObservationSetting {
  readonly before: PodRules;
  readonly after: PodRules;
  /** The pod that each side has. */
  readonly shapes: { readonly before: PodShape; readonly after: PodShape };
}

/**
 * Drives every change's witness through one sandbox, first with the one rule set in it, then with the other; where each side has a pod of
 * its own, through a sandbox each. Gives what was seen in the order of the changes; of both sides of a change the worse verdict counts.
 */
export async function observeChanges(
  open: OpenSandbox,
  changes: readonly Change[],
  { before, after, shapes }: ObservationSetting,
): Promise<readonly ObservedChange[]> {
  const round = (side: "before" | "after") => ({
    rules: side === "before" ? before : after,
    claims: changes.map((change) => ({ flow: change.witness.flow, manner: "answer" as const, landing: change[side] })),
  });
  const [first = [], second = []] =
    shapes.before === shapes.after
      ? await observeClaims(open, [round("before"), round("after")], shapes.before)
      : [
          ...(await observeClaims(open, [round("before")], shapes.before)),
          ...(await observeClaims(open, [round("after")], shapes.after)),
        ];
  return first.flatMap((was, i) => {
    const is = second[i];
    return is ? [{ before: was.landing, after: is.landing, verdict: joinVerdicts(was.verdict, is.verdict) }] : [];
  });
}

function joinVerdicts(one: ObservedLanding["verdict"], other: ObservedLanding["verdict"]): ObservedLanding["verdict"] {
  const both = [one, other];
  if (both.includes("contradicted")) return "contradicted";
  return both.includes("not-observed") ? "not-observed" : "confirmed";
}
