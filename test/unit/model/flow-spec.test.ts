import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { FlowSpec } from "../../../harness/model/flow.ts";
import { resolveFlow } from "../../../harness/model/flow-resolution.ts";
import { flowData, makeFlowSpec, renderFlowText } from "../../../harness/model/flow-spec.ts";
import { parseFlowText } from "../../../harness/model/flow-text.ts";
import { DEFAULT_ADDRESSES, hostOfActor, MAX_ID, MAX_PORT } from "../../../harness/model/pod.ts";
import { actorNames } from "../../../harness/model/pod-names.ts";
import { SHAPE } from "../../istio-pod.ts";

const toApp = { target: "pod", family: 4, port: 8080 } as const;

describe("the text of a flow", () => {
  const rows: readonly (readonly [text: string, FlowSpec])[] = [
    ["client -> pod:8080", makeFlowSpec({ ...toApp, actor: "client" })],
    ["client6 -> pod6:8080", makeFlowSpec({ ...toApp, actor: "client", family: 6 })],
    ["vm6 -> [2001:db8::1]:8080", makeFlowSpec({ ...toApp, actor: "vm", family: 6, target: "2001:db8::1" })],
    ["app -> 10.96.0.1:8080", makeFlowSpec({ ...toApp, actor: "app", target: "10.96.0.1" })],
    ["envoy -> localhost6:8080", makeFlowSpec({ ...toApp, actor: "envoy", family: 6, target: "localhost" })],
    ["uid=7,gid=0 -> pod:8080", makeFlowSpec({ ...toApp, actor: null, ids: { uid: 7, gid: 0 } })],
    ["app,gid=7,mark=0x539 -> pod:8080", makeFlowSpec({ ...toApp, actor: "app", ids: { gid: 7 }, mark: 0x539 })],
    ["envoy@127.0.0.6 -> pod:8080", makeFlowSpec({ ...toApp, actor: "envoy", source: "127.0.0.6" })],
    ["envoy@[::6]:9 -> pod6:8080", makeFlowSpec({ ...toApp, actor: "envoy", family: 6, source: "::6", sourcePort: 9 })],
    ["client@:5000 -> pod:8080", makeFlowSpec({ ...toApp, actor: "client", sourcePort: 5000 })],
    ["app -> pod:8080/udp", makeFlowSpec({ ...toApp, actor: "app", protocol: "udp" })],
    ["again app -> pod:8080/udp", makeFlowSpec({ ...toApp, actor: "app", protocol: "udp", exchange: "again" })],
    ["app -> pod:8080/tcp", { ...makeFlowSpec({ ...toApp, actor: "app" }), written: "app -> pod:8080/tcp" }],
  ];
  test.each(rows)("is %s", (text, spec) => {
    expect(renderFlowText(spec)).toBe(text);
  });

  test("parses back to the flow that it was rendered from", () => {
    fc.assert(
      fc.property(arbitrarySpec(), (spec) => {
        const text = renderFlowText(spec);
        expect(parseFlowText(text, SHAPE)).toEqual({ ok: true, value: { ...spec, written: text } });
      }),
    );
  });

  test("replaces the names as data in reports", () => {
    const flow = resolveFlow(makeFlowSpec({ ...toApp, actor: "client" }), DEFAULT_ADDRESSES, SHAPE);
    expect(flowData(flow)).toEqual({
      flow: "client -> pod:8080",
      family: 4,
      protocol: "tcp",
      from: { actor: "client", address: "10.244.0.3", uid: 0, gid: 0 },
      to: { target: "pod", address: "10.244.0.2", port: 8080 },
    });
  });
});

function arbitrarySpec(): fc.Arbitrary<FlowSpec> {
  const port = fc.integer({ min: 1, max: MAX_PORT });
  const id = fc.integer({ min: 0, max: MAX_ID });
  const some = { uid: id, gid: id };
  const outside = actorNames(SHAPE).filter((actor) => hostOfActor(actor) !== "pod");
  const inside = actorNames(SHAPE).filter((actor) => hostOfActor(actor) === "pod");
  const mark = fc.nat(0xffffffff);
  const who = fc.oneof(
    fc.record({ actor: fc.constantFrom(...outside), ids: fc.constant({}), mark: fc.constant(0) }),
    fc.record({ actor: fc.constantFrom(...inside), ids: fc.record(some, { requiredKeys: [] }), mark }),
    fc.record({ actor: fc.constant(null), ids: fc.record(some), mark }),
  );
  const addresses = { 4: ["10.96.0.1", "127.0.0.6"], 6: ["2001:db8::1", "::6"] } as const;
  const how = fc.constantFrom(
    { protocol: "tcp", exchange: "first" } as const,
    { protocol: "udp", exchange: "first" } as const,
    { protocol: "udp", exchange: "again" } as const,
  );
  return fc.constantFrom(4 as const, 6 as const).chain((family) =>
    fc
      .record({
        who,
        how,
        port,
        source: fc.option(fc.constantFrom(...addresses[family])),
        sourcePort: fc.option(port),
        target: fc.constantFrom("pod", "client", "upstream", "localhost", ...addresses[family]),
      })
      .map(({ who, how, ...others }) => makeFlowSpec({ ...who, ...how, ...others, family })),
  );
}
