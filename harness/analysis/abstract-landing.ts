import { renderEndpoint } from "../model/address.ts";
import type { Flow } from "../model/flow.ts";
import type { Landing } from "../model/landing.ts";

/**
 * Gives the kind of a landing with the flow's own ends left aside, so that all flows of a class have one text. Flows that nothing has
 * touched, whoever listens there or nobody, come to `as dialled`; the proxy's own listeners are always named.
 *
 * @example
 * "envoy-inbound:15006", "as dialled", "refused:15101", "timed-out"
 */
export function abstractLanding(landing: Landing, { to, from }: Flow): string {
  const { kind, listener, port, originalDestination, hops } = landing;
  const isPlain = kind === "listener" || kind === "refused";
  const isProxy = listener === "envoy-outbound" || listener === "envoy-inbound";
  const via = hops.map((hop) => ` via ${hop.listener}:${hop.port}`).join("");
  if (isPlain && !isProxy && port === to.port && originalDestination === null)
    return `as dialled${describeSource(landing, from.address)}${via}`;
  if (kind === "refused") return `refused:${port}${via}`;
  if (kind !== "listener") return kind + via;
  const dialled = renderEndpoint(to.address, to.port);
  const asked = originalDestination === null || originalDestination === dialled ? "" : ` for ${originalDestination}`;
  const direct = originalDestination === null ? " dialled itself" : "";
  return `${listener}:${port}${direct}${asked}${describeSource(landing, from.address)}${via}`;
}

function describeSource({ source, hops }: Landing, own: string): string {
  if (source === null || hops.length > 0) return "";
  const address = source.slice(0, source.lastIndexOf(":")).replaceAll(/[[\]]/g, "");
  return address === own ? "" : ` from ${address}`;
}
