import { type Landing, landingsAgree, makeLanding } from "./landing.ts";

/**
 * What a flow must come to without one landing being demanded. `not-leave`: any end in the pod, or any failure, will do; the flow must not
 * reach another host. `closed`: nobody listens where it was dialled, and it may be refused, or the refusal may be lost on its way back.
 */
export type OpenEnd = "not-leave" | "closed";

/** What is expected of a flow: one landing, only that it does not leave the pod, or only that nobody takes it. */
export type Expectation = Landing | OpenExpectation;

/** An expectation that several landings meet. */
export interface OpenExpectation extends Omit<Landing, "kind"> {
  readonly kind: OpenEnd;
}

/** Expects that a flow does not leave the pod. */
export const NOT_LEAVE: Expectation = { ...makeLanding("loop"), kind: "not-leave" };

/** Expects that a flow comes to a closed port, and not that its refusal comes back. */
export const CLOSED: Expectation = { ...makeLanding("refused"), kind: "closed" };

/** Says whether an expectation is one landing. */
export function isLanding(expected: Expectation): expected is Landing {
  return expected.kind !== "not-leave" && expected.kind !== "closed";
}

/**
 * Says whether what was seen meets what is expected. A flow has not left the pod if it ended at a listener in it, or was refused, reset or
 * unanswered there, or never arrived anywhere. A loop goes round in the pod. `could-not-look` meets nothing.
 */
export function meetsExpectation(expected: Expectation, seen: Landing): boolean {
  if (isLanding(expected)) return landingsAgree(expected, seen);
  if (expected.kind === "closed") return seen.kind === "refused" || seen.kind === "timed-out";
  switch (seen.kind) {
    case "listener":
    case "replied":
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
