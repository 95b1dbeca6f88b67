import type { Landing } from "../model/landing.ts";
import { dialsOn, findListener, type PodShape } from "../model/pod-shape.ts";

/**
 * Gives the kinds of two landings, told apart where two pods have other listeners at the end point that was dialled: whether it accepts, or
 * who does where both do.
 *
 * @example
 * tellKindsApart("as dialled", "as dialled", listenerLanding, refusedLanding)
 * // { before: "as dialled, accepted", after: "as dialled, refused" }
 */
export function tellKindsApart(
  before: string,
  after: string,
  was: Landing,
  is: Landing,
): { readonly before: string; readonly after: string } {
  if (before !== after || !before.startsWith("as dialled")) return { before, after };
  const accepted = ({ listener }: Landing) => (was.kind === is.kind ? `by ${listener}` : "accepted");
  const tell = (landing: Landing) => `${before}, ${landing.kind === "listener" ? accepted(landing) : landing.kind}`;
  return { before: tell(was), after: tell(is) };
}

/**
 * Gives a landing with what a proxy has captured named by what its listener is for: the same in pods whose proxies have other names and
 * ports.
 */
export function nameByRole(landing: Landing, shape: PodShape): Landing {
  const listener = landing.host === "pod" ? findListener(shape, landing.listener) : undefined;
  const isCaptured = listener !== undefined && dialsOn(listener) && landing.originalDestination !== null;
  return isCaptured ? { ...landing, listener: `the ${listener.role} listener`, port: null, address: null } : landing;
}
