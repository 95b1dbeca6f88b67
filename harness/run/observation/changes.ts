import type { Change } from "../../analysis/diff.ts";
import type { Landing } from "../../model/landing.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import type { PodRules } from "../../model/ruleset.ts";
import { makePodSpec } from "../pod-spec.ts";
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
  readonly shape: PodShape;
}

/** Drives every change's witness through one sandbox, first with the one rule set in it, then with the other. */
export async function observeChanges(
  open: OpenSandbox,
  changes: readonly Change[],
  { before, after, shape }: ObservationSetting,
): Promise<readonly ObservedChange[]> {
  const claim = (side: "before" | "after") =>
    changes.map((change) => ({ flow: change.witness.flow, manner: "answer" as const, landing: change[side] }));
  const rounds = [
    { rules: before, claims: claim("before") },
    { rules: after, claims: claim("after") },
  ];
  const [first = [], second = []] = await observeClaims(open, rounds, (flows, rules, addresses) =>
    makePodSpec({ shape }, flows, [], addresses, rules),
  );
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
