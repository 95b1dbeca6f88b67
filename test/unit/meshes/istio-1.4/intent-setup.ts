import type { CaptureConfig } from "../../../../harness/meshes/istio-1.4/config.ts";
import type { Landing } from "../../../../harness/model/landing.ts";
import type { PodSpec } from "../../../../harness/model/pod.ts";
import { shapeOf, specOf as specOfShape } from "../../../istio-pod.ts";

export { configOf } from "../../../istio-pod.ts";

/** A pod where the app listens on its own ports and upstream on 80 of 10.96.0.1 and 2001:db8::1 as well. */
export function specOf(config: CaptureConfig): PodSpec {
  return specOfShape(shapeOf(config), {
    upstreamPorts: [80, 8080],
    clientPorts: [9090],
    upstreamAddresses: ["10.96.0.1", "2001:db8::1"],
  });
}

/** A landing in one line: `envoy-inbound:15006 of 10.244.0.2:8080 from 10.244.0.3 via envoy-outbound`. */
export function describeLanding(landing: Landing): string {
  const { kind, listener, port, originalDestination, source, hops } = landing;
  const via = hops.length > 0 ? ` via ${hops.map((hop) => `${hop.listener}:${hop.port}`).join(",")}` : "";
  if (kind !== "listener") return `${kind}${kind === "refused" ? `:${port}` : ""}${via}`;
  return `${listener}:${port}${originalDestination ? ` of ${originalDestination}` : ""} from ${source}${via}`;
}
