import { describe, expect, test } from "vitest";
import { resolveLanding } from "../../../harness/contract/expected-landing.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import type { Landing } from "../../../harness/model/landing.ts";
import { parseLandingText } from "../../../harness/model/landing-text.ts";
import { DEFAULT_ADDRESSES } from "../../../harness/model/pod.ts";
import { SHAPE } from "../../istio-pod.ts";

/** Gives what an author's text demands of a flow in the default sandbox. */
function bind(flowText: string, landingText: string): Landing {
  const flow = parseFlowText(flowText, SHAPE);
  const landing = parseLandingText(landingText, SHAPE, "here");
  if (!flow.ok || !landing.ok) throw new Error(`${flowText} = ${landingText} cannot be read`);
  const pod = { shape: SHAPE, addresses: DEFAULT_ADDRESSES };
  return resolveLanding(landing.value, resolveFlow(flow.value, DEFAULT_ADDRESSES, SHAPE), pod);
}

/** A landing in few words: host, listener and port, original destination, source; then the hops. */
function describeLanding({ kind, host, listener, port, originalDestination, source, hops }: Landing): string {
  const passed = hops.map((hop) => ` < ${hop.listener}:${hop.port} for ${hop.originalDestination}`).join("");
  return `${kind} ${host} ${listener}:${port} for ${originalDestination} from ${source}${passed}`;
}

describe("an expected landing demands of its flow", () => {
  const rows: readonly (readonly [string, string, string])[] = [
    ["client -> pod:8080", "envoy-inbound", "listener pod envoy-inbound:15006 for 10.244.0.2:8080 from null"],
    ["client -> pod:15006", "envoy-inbound", "listener pod envoy-inbound:15006 for null from null"],
    ["client -> pod:15001", "envoy-inbound", "listener pod envoy-inbound:15006 for 10.244.0.2:15001 from null"],
    ["app -> pod:15006", "envoy-inbound redirected", "listener pod envoy-inbound:15006 for 10.244.0.2:15006 from null"],
    ["app -> upstream:15001", "envoy-outbound", "listener pod envoy-outbound:15001 for 10.244.0.4:15001 from null"],
    ["app -> localhost:15001", "envoy-outbound", "listener pod envoy-outbound:15001 for null from null"],
    ["client -> pod:15020", "status", "listener pod status:15020 for null from null"],
    ["client -> pod:22", "app", "listener pod app:22 for null from null"],
    ["client -> pod:80", "app:8080", "listener pod app:8080 for 10.244.0.2:80 from null"],
    ["app -> upstream:80", "upstream", "listener upstream upstream:80 for null from null"],
    ["app -> 10.96.0.1:443", "upstream", "listener upstream upstream:443 for null from null"],
    ["app -> [2001:db8::1]:443", "upstream", "listener upstream upstream:443 for null from null"],
    ["app -> client:80", "upstream", "listener upstream upstream:80 for 10.244.0.3:80 from null"],
    ["app -> client6:80", "client", "listener client client:80 for null from null"],
    ["app -> 127.0.0.2:8080", "app", "listener pod app:8080 for null from null"],
    ["app -> [::6]:8080", "app", "listener pod app:8080 for null from null"],
    ["client -> localhost:80", "client", "listener client client:80 for null from null"],
    ["client -> localhost:80", "app", "listener pod app:80 for 127.0.0.1:80 from null"],
    [
      "client -> pod:8080",
      "app via envoy-inbound from 127.0.0.6",
      "listener pod app:8080 for null from 127.0.0.6 < envoy-inbound:15006 for 10.244.0.2:8080",
    ],
    [
      "client -> pod:80",
      "app:80 via envoy-outbound from 127.0.0.1",
      "listener pod app:80 for null from 127.0.0.1 < envoy-outbound:15001 for 10.244.0.2:80",
    ],
    [
      "client -> pod:80",
      "envoy-inbound via envoy-outbound",
      "listener pod envoy-inbound:15006 for 127.0.0.1:80 from null < envoy-outbound:15001 for 10.244.0.2:80",
    ],
    [
      "app -> upstream:80",
      "upstream via envoy-outbound",
      "listener upstream upstream:80 for null from null < envoy-outbound:15001 for 10.244.0.4:80",
    ],
    ["app -> upstream:80", "refused", "refused null null:null for null from null"],
    [
      "client -> pod:9090",
      "refused via envoy-inbound",
      "refused null null:null for null from null < envoy-inbound:15006 for 10.244.0.2:9090",
    ],
  ];
  test.each(rows)("%s = %s: %s", (flow, landing, expected) => {
    expect(describeLanding(bind(flow, landing))).toBe(expected);
  });
});
