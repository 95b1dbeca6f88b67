import { abstractLanding } from "../../analysis/pod/abstract-landing.ts";
import type { Flow } from "../../model/flow.ts";
import { resolveFlow } from "../../model/flow-resolution.ts";
import { type Landing, landingsAgree, makeBlind } from "../../model/landing.ts";
import type { PodSpec } from "../../model/pod.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import type { PodRules } from "../../model/ruleset.ts";
import { compilePod, type Simulator } from "../../netfilter/simulator.ts";
import type { FlowRequest, Sandbox } from "../../sandbox/sandbox.ts";
import { makePodSpec } from "../pod-spec.ts";
import { IN_FLIGHT, lookAgain } from "../second-look.ts";
import { withInstalled } from "../with-installed.ts";

/** Opens the sandbox that claims are driven in; the caller decides its backend, its addresses and what an interruption does. */
export type OpenSandbox = () => Promise<Sandbox>;

/** Where an analysis says that a flow lands. */
export interface ClaimedLanding extends FlowRequest {
  readonly landing: Landing;
}

/** Claims about one rule set, to be held against the kernel. */
export interface ObservationRound {
  readonly rules: PodRules;
  readonly claims: readonly ClaimedLanding[];
}

/**
 * What the kernel made of a claim. `confirmed`: the flow landed as claimed. `contradicted`: it landed where the simulator says it cannot, a
 * defect of landfall itself. `not-observed`: no sandbox can make the flow, or this one lands it elsewhere than the analysis's, or the
 * match that the claim hangs on answered otherwise, or looking failed; then the landing is `could-not-look` or another one.
 */
export interface ObservedLanding {
  readonly landing: Landing;
  readonly verdict: "confirmed" | "contradicted" | "not-observed";
}

/**
 * Drives claims through one sandbox, in a pod of that shape, one rule set in it after the other; gives what was seen round by round, in the
 * claims' order.
 */
export async function observeClaims(
  open: OpenSandbox,
  rounds: readonly ObservationRound[],
  shape: PodShape,
): Promise<readonly (readonly ObservedLanding[])[]> {
  await using sandbox = await open();
  const { addresses } = sandbox;
  const tested = rounds.map(({ rules }) => rules);
  const bind = (claim: ClaimedLanding) => ({
    ...claim,
    claimed: claim.flow,
    // This sandbox's addresses behind the flow's own names.
    flow: resolveFlow(claim.flow.spec, addresses, shape),
  });
  const bound = rounds.map(({ rules, claims }) => ({ rules, claims: claims.map(bind) }));
  const driven = bound.flatMap(({ claims }) => claims.map(({ flow }) => flow));
  const spec = makePodSpec({ shape }, driven, [], addresses, tested);
  await sandbox.enter(spec);
  const seen: (readonly ObservedLanding[])[] = [];
  for (const { rules, claims } of bound) seen.push(await observeRound(sandbox, rules, claims, spec));
  return seen;
}

interface BoundClaim extends ClaimedLanding {
  /** The flow as the analysis has it; `flow` is the same in the sandbox's addresses. */
  readonly claimed: Flow;
}

async function observeRound(
  sandbox: Sandbox,
  rules: PodRules,
  claims: readonly BoundClaim[],
  spec: PodSpec,
): Promise<readonly ObservedLanding[]> {
  const canBeMade = ({ flow }: BoundClaim) => flow.from.actor !== "vm" || spec.shape.links.length > 0;
  const driven = claims.filter(canBeMade);
  const simulator = compilePod(rules, spec, sandbox.addresses);
  const predictions = driven.map(({ flow, manner }) => ({ landing: simulator.land(flow, manner) }));
  const observations = await withInstalled(sandbox, { kind: "rules", rules }, async () =>
    lookAgain(driven, await sandbox.drive(driven, { inFlight: IN_FLIGHT }), predictions, sandbox),
  );
  return claims.map((claim) => {
    const observed = observations[driven.indexOf(claim)]?.landing;
    return observed ? judgeClaim(claim, observed, simulator, spec) : NOT_MADE;
  });
}

const NOT_MADE: ObservedLanding = {
  landing: makeBlind("cannot-be-dialled", "no host of this sandbox can make the flow"),
  verdict: "not-observed",
};

/**
 * A claim that hangs on a match that is not understood is confirmed by its own landing, and contradicted only by one that no answer leads
 * to.
 */
function judgeClaim(
  { flow, manner, landing, claimed }: BoundClaim,
  seen: Landing,
  simulator: Simulator,
  { shape }: PodSpec,
): ObservedLanding {
  if (seen.kind === "could-not-look") return { landing: seen, verdict: "not-observed" };
  const { possible } = simulator.explain(flow, manner, () => "");
  const met = possible.filter((one) => landingsAgree(one, seen));
  if (possible.length > 0 && met.length === 0) return { landing: seen, verdict: "contradicted" };
  const isAsClaimed = met.some((one) => abstractLanding(one, flow, shape) === abstractLanding(landing, claimed, shape));
  return { landing: seen, verdict: isAsClaimed ? "confirmed" : "not-observed" };
}
