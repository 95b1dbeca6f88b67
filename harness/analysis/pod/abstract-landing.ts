import { renderEndpoint } from "../../model/address.ts";
import { type Flow, startsInPod } from "../../model/flow.ts";
import type { Landing } from "../../model/landing.ts";
import { isLoopback, loopbackAddress } from "../../model/pod.ts";
import { dialsOn, findListener, type PodShape } from "../../model/pod-shape.ts";

/** The kind of flows that nothing has touched. */
export const UNTOUCHED = "as dialled";

/**
 * Gives the kind of a landing with the flow's own ends left aside, so that all flows of a class have one text. Flows that nothing has
 * touched, whoever listens there or nobody, come to `as dialled`; the proxy's own listeners are always named. The address that accepted is
 * told where it is neither the one dialled nor the one that REDIRECT gives; a port at another host where it is not the one dialled.
 *
 * @example
 * "envoy-inbound:15006", "as dialled", "upstream:3128 at 10.1.0.1", "refused:15101", "timed-out"
 */
export function abstractLanding(landing: Landing, flow: Flow, shape: PodShape): string {
  const { to, from } = flow;
  const { kind, listener, port, originalDestination, hops } = landing;
  if (kind === "replied") return abstractReply(landing, flow);
  const isPlain = kind === "listener" || kind === "refused";
  const isAtDialled = landing.address === null || landing.address === to.address;
  const own = landing.host === "pod" ? findListener(shape, listener) : undefined;
  const isProxy = own !== undefined && dialsOn(own);
  const via = hops.map((hop) => ` via ${hop.listener}:${hop.port}`).join("");
  if (isPlain && !isProxy && port === to.port && originalDestination === null && isAtDialled)
    return `${UNTOUCHED}${describeSource(landing, from.address)}${via}`;
  const at = describeAddress(landing, flow);
  // Where only the address is translated, the port is the flow's own.
  const portText = port === to.port && (kind === "refused" || !isInPod(landing)) ? "" : `:${port}`;
  if (kind === "refused") return `refused${portText}${at}${via}`;
  if (kind !== "listener") return kind + via;
  const dialled = renderEndpoint(to.address, to.port);
  const asked = originalDestination === null || originalDestination === dialled ? "" : ` for ${originalDestination}`;
  const direct = originalDestination === null ? " dialled itself" : "";
  return `${listener}${portText}${at}${direct}${asked}${describeSource(landing, from.address)}${via}`;
}

function abstractReply(landing: Landing, flow: Flow): string {
  const isDialled = landing.address === flow.to.address;
  const who = isDialled ? UNTOUCHED : `replied by ${landing.host}${describeAddress(landing, flow)}`;
  return `${who}${describeSource(landing, flow.from.address)}`;
}

function isInPod({ host }: Landing): boolean {
  return host === "pod";
}

/** REDIRECT sends what the pod dials to loopback, and what comes in to the address of the interface that it comes by. */
function describeAddress({ address, host, hops }: Landing, flow: Flow): string {
  if (address === null || address === flow.to.address || hops.length > 0) return "";
  const isRedirects =
    (host === "pod" || host === null) &&
    (startsInPod(flow) ? address === loopbackAddress(flow.family) : !isLoopback(address));
  return isRedirects ? "" : ` at ${address}`;
}

function describeSource({ source, hops }: Landing, own: string): string {
  if (source === null || hops.length > 0) return "";
  const address = source.slice(0, source.lastIndexOf(":")).replaceAll(/[[\]]/g, "");
  return address === own ? "" : ` from ${address}`;
}
