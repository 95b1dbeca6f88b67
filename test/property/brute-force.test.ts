import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Change, diffRulesets } from "../../harness/analysis/diff.ts";
import { abstractLanding } from "../../harness/analysis/pod/abstract-landing.ts";
import type { Flow } from "../../harness/model/flow.ts";
import { type FlowSet, holdsFlow } from "../../harness/model/flow-set.ts";
import { renderFlowText } from "../../harness/model/flow-spec.ts";
import { type Landing, renderLandingKey } from "../../harness/model/landing.ts";
import { DEFAULT_ADDRESSES, type PodSpec } from "../../harness/model/pod.ts";
import type { PodRules } from "../../harness/model/ruleset.ts";
import { compilePod } from "../../harness/netfilter/simulator.ts";
import { countRuns } from "../thoroughness.ts";
import { arbitraryPair, loadLines } from "./small-rules.ts";
import { SMALL_WORLDS, type SmallWorld } from "./small-world.ts";

/** Pairs of rule sets in one run. */
const PAIRS = countRuns(4);

/** What the diff says of a point: the landings of the class it is in, and in how many classes it is. */
function lookUp(changes: readonly Change[], flow: Flow): readonly string[] {
  return changes.filter(({ holds }) => holds(flow)).map(({ kinds }) => `${kinds.before}, then ${kinds.after}`);
}

/** Where the simulator lands each point under both rule sets. */
function landPoints({ spec, points }: SmallWorld, before: PodRules, after: PodRules) {
  const [old, fresh] = [compilePod(before, spec, DEFAULT_ADDRESSES), compilePod(after, spec, DEFAULT_ADDRESSES)];
  return points.map((flow) => {
    const [was, is] = [old.land(flow, "answer"), fresh.land(flow, "answer")];
    const kinds = [nameKind(spec, before, flow, was), nameKind(spec, after, flow, is)] as const;
    const isRefusal = was.kind === "refused" && is.kind === "refused";
    return { flow, was, is, kinds, isRefusedAlike: !isRefusal || (was.port === is.port && kinds[0] === kinds[1]) };
  });
}

/** A flow that is refused wherever somebody listens is rejected by a rule. */
function nameKind(spec: PodSpec, rules: PodRules, flow: Flow, landing: Landing): string {
  const told = abstractLanding(landing, flow, spec.shape);
  if (landing.kind !== "refused") return told;
  const open = [flow.to.port, ...(landing.port === null ? [] : [landing.port])];
  const wide = {
    ...spec,
    listen: [...spec.listen, ...open],
    upstreamPorts: [...spec.upstreamPorts, ...open],
    clientPorts: [...spec.clientPorts, ...open],
  };
  return compilePod(rules, wide, DEFAULT_ADDRESSES).land(flow, "answer").kind === "refused" ? "rejected" : told;
}

/** Two landings that cannot be told are not known to be one: the diff lists them or not, as the rules on their way are others or not. */
function isUntold(was: Landing, is: Landing): boolean {
  return was.kind === "could-not-look" && is.kind === "could-not-look";
}

/**
 * Compares what the diff says of every point with what the simulator does there; gives how many points have changed. Restricted to a set of
 * flows, it must say just the same of those, and nothing of the others.
 */
function checkPair(world: SmallWorld, before: PodRules, after: PodRules, within: FlowSet | null): number {
  const { family, spec, passThrough } = world;
  const setting = { spec, addresses: DEFAULT_ADDRESSES, passThrough, ...(within ? { within } : {}) };
  const changes = diffRulesets({ family, before, after, setting });
  const told = landPoints(world, before, after).map(({ flow, was, is, kinds, isRefusedAlike }) => {
    const found = lookUp(changes, flow);
    const isAsked = within === null || holdsFlow(within, flow, DEFAULT_ADDRESSES);
    const isDifferent =
      isAsked &&
      (!isRefusedAlike || renderLandingKey(was) !== renderLandingKey(is) || (isUntold(was, is) && found.length > 0));
    const expected = isDifferent ? [kinds.join(", then ")] : [];
    return { flow: renderFlowText(flow.spec), expected, found };
  });
  const wrong = told.find(({ expected, found }) => JSON.stringify(expected) !== JSON.stringify(found));
  expect(wrong && [wrong.flow, ...wrong.found]).toEqual(wrong && [wrong.flow, ...wrong.expected]);
  return told.filter(({ expected }) => expected.length > 0).length;
}

describe.each(SMALL_WORLDS)("the diff of two rule sets of $name", (world) => {
  test("holds each flow of a small space that lands differently in exactly one class, and no other flow", () => {
    const changed: number[] = [];
    fc.assert(
      fc.property(arbitraryPair(world), ([before, after]) => {
        changed.push(checkPair(world, loadLines(before, world), loadLines(after, world), null));
      }),
      { numRuns: PAIRS },
    );
    expect(changed.filter((count) => count > 0).length).toBeGreaterThanOrEqual(PAIRS / 6);
    const mean = changed.reduce((sum, count) => sum + count, 0) / changed.length;
    expect(mean).toBeLessThan(world.points.length - 100);
  });

  test("gives the same answer for the flows it is restricted to, and none for others", () => {
    let changed = 0;
    fc.assert(
      fc.property(arbitraryPair(world), fc.constantFrom(...world.flowSets), ([before, after], within) => {
        changed += checkPair(world, loadLines(before, world), loadLines(after, world), within);
      }),
      { numRuns: PAIRS * 2 },
    );
    expect(changed).toBeGreaterThan(PAIRS);
  });
});
