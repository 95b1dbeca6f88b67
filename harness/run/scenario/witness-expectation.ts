import { resolveLanding } from "../../contract/expected-landing.ts";
import type { Flow } from "../../model/flow.ts";
import { type Landing, landingsAgree } from "../../model/landing.ts";
import { parseLandingText, renderLanding } from "../../model/landing-text.ts";
import type { SandboxAddresses } from "../../model/pod.ts";
import type { MutationSubject } from "../mutation/mutation-subject.ts";

/**
 * Gives what a scenario would demand of a flow so that other rules are found out, which land it on `after`: `envoy-inbound:15006`. The
 * source is in it where nothing else tells the two apart. The flow is one in the manner *answer*.
 */
export function writeExpectation(
  flow: Flow,
  before: Landing,
  after: Landing,
  { spec }: Pick<MutationSubject, "spec">,
  addresses: SandboxAddresses,
): string {
  const plain = { ...before, address: null, source: null };
  const isToldByAddress = landingsAgree(plain, after) && before.address !== after.address && before.address !== null;
  const head = renderLanding(landingsAgree(plain, after) && !isToldByAddress ? before : plain);
  const text = isToldByAddress && before.kind === "listener" ? head.replace(/^\S+/, `$& at ${before.address}`) : head;
  const parsed = parseLandingText(text, spec.shape, flow.flow);
  const isAsDialled =
    parsed.ok && resolveLanding(parsed.value, flow, { shape: spec.shape, addresses }).originalDestination === null;
  return before.originalDestination !== null && isAsDialled ? text.replace(/^\S+( at \S+)?/, "$& redirected") : text;
}
