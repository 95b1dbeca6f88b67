import { resolveLanding } from "../../contract/expected-landing.ts";
import { parseEndpoint } from "../../model/address.ts";
import type { Parsed } from "../../model/finding.ts";
import type { Flow } from "../../model/flow.ts";
import { type Landing, type LandingSpec, landingsAgree } from "../../model/landing.ts";
import { parseLandingText } from "../../model/landing-text.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import { isAsDialled, type LandedContext } from "./properties.ts";

/** Where flows must land, or must not: a landing as scenarios write it, or `as dialled`. */
export type LandingClaim = LandingSpec | typeof AS_DIALLED;

const AS_DIALLED = "as dialled";

/** Reads the claim of a property, `as dialled` or a landing; gives every finding (`invalid-landing`) if it is not one. */
export function parseLandingClaim(text: string, shape: PodShape, where: string): Parsed<LandingClaim> {
  if (text === AS_DIALLED) return { ok: true, value: AS_DIALLED };
  const parsed = parseLandingText(text, shape, where);
  if (parsed.ok) return parsed;
  const hint = ' Or write "as dialled": the dialled address accepts, or refuses if nothing listens there.';
  return { ok: false, findings: parsed.findings.map((each) => ({ ...each, message: each.message + hint })) };
}

/** Says whether a flow landed just there, read as a scenario's expected landing is: what is not written follows from what was dialled. */
export function isLandingMet(claim: LandingClaim, flow: Flow, landing: Landing, context: LandedContext): boolean {
  if (claim === AS_DIALLED) return isAsDialled(landing, flow, context);
  return landingsAgree(
    resolveLanding(claim, flow, { shape: context.spec.shape, addresses: context.addresses }),
    landing,
  );
}

/** Says whether a flow landed anywhere that the claim's words fit: what is not written may be anything. */
export function isLandingTouched(claim: LandingClaim, flow: Flow, landing: Landing, context: LandedContext): boolean {
  if (claim === AS_DIALLED) return isAsDialled(landing, flow, context);
  const { kind, listener, address, port, originalDestination, source, hops } = landing;
  const passed = hops.map((hop) => hop.listener);
  return (
    kind === claim.kind &&
    listener === claim.listener &&
    (claim.port === null || port === claim.port) &&
    (claim.address === null || address === claim.address) &&
    (claim.redirected === "as-dialled" || originalDestination !== null) &&
    (claim.via.length === 0 || passed.join() === claim.via.join()) &&
    (claim.source === null || (source !== null && parseEndpoint(source)?.address === claim.source))
  );
}
