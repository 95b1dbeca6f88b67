import { resolveLanding } from "../../contract/expected-landing.ts";
import { meetsExpectation } from "../../model/expectation.ts";
import type { Flow } from "../../model/flow.ts";
import { type Landing, type LandingSpec, landingsAgree } from "../../model/landing.ts";
import { demandAlike, renderLandingSpec } from "../../model/landing-text.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { MutationSubject } from "../mutation/mutation-subject.ts";

/**
 * Gives what a scenario would demand of a flow so that other rules are found out, which land it on `after`: `envoy-inbound:15006`. The
 * source is in it where nothing else tells the two apart. The flow is one in the manner *answer*, and `before` was seen: `could-not-look`
 * is a RangeError.
 */
export function demandTelling(
  flow: Flow,
  before: Landing,
  after: Landing,
  { spec }: Pick<MutationSubject, "spec">,
  addresses: SandboxAddresses,
): LandingSpec {
  const { kind, address } = before;
  if (kind === "could-not-look") throw new RangeError("A landing that could not be observed cannot be demanded.");
  const plain = { ...before, kind, address: null, source: null };
  const isAlike = landingsAgree(plain, after);
  const isToldByAddress = isAlike && address !== after.address && address !== null && kind === "listener";
  const demand = demandAlike(isAlike && !isToldByAddress ? { ...before, kind } : plain);
  const told = isToldByAddress ? { ...demand, address } : demand;
  if (kind !== "listener" || before.originalDestination === null) return told;
  // Where the dialled port and host accept anyway, only the word tells that the flow was redirected.
  const { originalDestination } = resolveLanding(told, flow, { shape: spec.shape, addresses });
  return originalDestination === null ? { ...told, redirected: "redirected" } : told;
}

/**
 * Gives the same as a scenario's text; null where the other landing meets it as well: what a scenario says of a landing does not tell
 * the two apart, as two ports that refuse.
 */
export function writeExpectation(...given: Parameters<typeof demandTelling>): string | null {
  const [flow, { kind }, after, { spec }, addresses] = given;
  if (kind === "could-not-look") return null;
  const demand = demandTelling(...given);
  const isMet = meetsExpectation(resolveLanding(demand, flow, { shape: spec.shape, addresses }), after);
  return isMet ? null : renderLandingSpec(demand);
}
