import { type Landing, type LandingKind, landingsAgree, makeLanding } from "./landing.ts";

/** `not-leave`: any end in the pod, or any failure, will do; the flow must not reach another host. */
export type ExpectedKind = LandingKind | "not-leave";

/** What is expected of a flow: one landing, or only that it does not leave the pod. */
export interface Expectation extends Omit<Landing, "kind"> {
  readonly kind: ExpectedKind;
}

/** Expects that a flow does not leave the pod. */
export const NOT_LEAVE: Expectation = { ...makeLanding("loop"), kind: "not-leave" };

/** Says whether an expectation is one landing, as it is for all but a demand that something does not leave. */
export function isLanding(expected: Expectation): expected is Landing {
  return expected.kind !== "not-leave";
}

/**
 * Says whether what was seen meets what is expected. A flow has not left the pod if it ended at a listener in it, or was refused, reset or
 * unanswered there, or never arrived anywhere. A loop goes round in the pod. `could-not-look` meets nothing.
 */
export function meetsExpectation(expected: Expectation, seen: Landing): boolean {
  if (isLanding(expected)) return landingsAgree(expected, seen);
  switch (seen.kind) {
    case "listener":
      return seen.host === "pod";
    case "refused":
    case "reset":
    case "timed-out":
    case "unreachable":
    case "loop":
      return true;
    // Some end has got the request; of a connection it is not known which one.
    case "unanswered":
      return seen.host === "pod";
    case "could-not-look":
      return false;
  }
}
