import { type Expectation, isLanding } from "../model/expectation.ts";
import type { Landing } from "../model/landing.ts";
import type { FlowReport } from "../model/report.ts";

/** What is required of flows that nobody is to take. */
export const AS_DIALLED = "the original destination";

/** Says whether a flow is to land, or to be refused, where it was dialled. */
export function goesAsDialled(expected: Expectation): boolean {
  return (
    isLanding(expected) &&
    expected.hops.length === 0 &&
    expected.originalDestination === null &&
    (expected.kind === "listener" || expected.kind === "refused")
  );
}

/** Says whether a flow ended at the very end that it dialled, whether somebody listened there or not. */
export function wentAsDialled({ observed, predicted, to }: FlowReport): boolean {
  if (observed.hops.length > 0 || observed.originalDestination !== null) return false;
  if (observed.kind === "listener") return observed.port === to.port;
  // Who dials cannot tell which end refused it.
  const seen = observed.address === null && predicted?.kind === observed.kind ? predicted : observed;
  return observed.kind === "refused" && seen.port === to.port && seen.address === to.address;
}

/** Gives the listener that takes a flow first, `envoy-inbound:15006`, or the kind of a landing without one. */
export function nameEnd({ kind, listener, port, hops }: Landing): string {
  const [hop] = hops;
  if (hop) return `${hop.listener}:${hop.port}`;
  return kind === "listener" ? `${listener}:${port}` : kind;
}
