import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeLanding } from "../../../harness/model/landing.ts";
import { parseLandingText, renderLanding, renderLandingSpec } from "../../../harness/model/landing-text.ts";
import { SHAPE } from "../../istio-pod.ts";

/** Gives what a text says in the order kind, listener, port, redirected, via, source; or how many findings it has. */
function read(text: string): readonly unknown[] | number {
  const parsed = parseLandingText(text, SHAPE, "seed.ts");
  if (!parsed.ok) return parsed.findings.length;
  const { kind, listener, port, redirected, via, source } = parsed.value;
  return [kind, listener, port, redirected, via.join(), source];
}

describe("an expected landing", () => {
  const rows: readonly (readonly [string, readonly unknown[]])[] = [
    ["envoy-inbound:15006", ["listener", "envoy-inbound", 15006, "as-dialled", "", null]],
    ["app", ["listener", "app", null, "as-dialled", "", null]],
    ["envoy-inbound:15006 redirected", ["listener", "envoy-inbound", 15006, "redirected", "", null]],
    ["app:8080 via envoy-inbound", ["listener", "app", 8080, "as-dialled", "envoy-inbound", null]],
    [
      "app:8080 via envoy-outbound,envoy-inbound from 127.0.0.6",
      ["listener", "app", 8080, "as-dialled", "envoy-outbound,envoy-inbound", "127.0.0.6"],
    ],
    ["app:8080 from ::0006", ["listener", "app", 8080, "as-dialled", "", "::6"]],
    [
      "envoy-inbound:15006 redirected via envoy-outbound from 127.0.0.1",
      ["listener", "envoy-inbound", 15006, "redirected", "envoy-outbound", "127.0.0.1"],
    ],
    ["refused", ["refused", null, null, "as-dialled", "", null]],
    ["refused via envoy-outbound", ["refused", null, null, "as-dialled", "envoy-outbound", null]],
    ["timed-out", ["timed-out", null, null, "as-dialled", "", null]],
    ["loop", ["loop", null, null, "as-dialled", "", null]],
    ["loop via envoy-inbound", ["loop", null, null, "as-dialled", "envoy-inbound", null]],
  ];
  test.each(rows.map(([text]) => text))("is rendered as it was parsed: %s", (text) => {
    const parsed = parseLandingText(text, SHAPE, "seed.ts");
    if (!parsed.ok) throw new Error(`${text} is no landing`);
    const { written, ...demand } = parsed.value;
    expect([written, renderLandingSpec(parsed.value)]).toEqual([text, text]);
    expect(renderLandingSpec(demand)).toBe(text.replace("::0006", "::6"));
  });

  test("may name the address that accepts", () => {
    const parsed = parseLandingText("upstream:3128 at 2001:DB8::1 redirected from 10.0.0.1", SHAPE, "seed.ts");
    expect(parsed.ok && [parsed.value.address, parsed.value.redirected, parsed.value.source]).toEqual([
      "2001:db8::1",
      "redirected",
      "10.0.0.1",
    ]);
    expect([read("upstream at nowhere"), read("refused at 10.0.0.1"), read("unanswered at 10.0.0.1")]).toEqual([
      1, 1, 1,
    ]);
    expect(read("unanswered")).toEqual(["unanswered", null, null, "as-dialled", "", null]);
  });
  test("is rendered with the address only if another host accepted a translated connection", () => {
    const landed = makeLanding("listener", { host: "upstream", listener: "upstream", address: "10.1.0.1", port: 3128 });
    expect(renderLanding(landed)).toBe("upstream:3128");
    expect(renderLanding({ ...landed, originalDestination: "10.96.0.1:80" })).toBe("upstream:3128 at 10.1.0.1");
    const inPod = { ...landed, host: "pod", listener: "app", originalDestination: "10.96.0.1:80" } as const;
    expect(renderLanding(inPod)).toBe("app:3128");
  });
  test.each(rows)("%s says %j", (text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  const bad: readonly (readonly [string, number])[] = [
    ["", 1],
    ["envoy", 1],
    ["listener", 1],
    ["could-not-look", 1],
    ["app:", 1],
    ["app:0", 1],
    ["app:080", 1],
    ["app:65536", 1],
    ["app:8e3", 1],
    ["app:8080:9", 1],
    ["app:0x50", 1],
    ["refused:80", 1],
    ["app:8080 ", 1],
    ["app:8080  via envoy-inbound", 1],
    ["app:8080 redirectedvia envoy-inbound", 1],
    ["app:8080 via", 1],
    ["app:8080 via app", 1],
    ["app:8080 via envoy-inbound,", 1],
    ["app:8080 via envoy-inbound via envoy-inbound", 1],
    ["app:8080 from 127.0.0.6 via envoy-inbound", 1],
    ["app:8080 from pod", 1],
    ["refused from 127.0.0.1", 1],
    ["loop redirected", 1],
    ["ap:8080 vai envoy-inbound", 2],
  ];
  test.each(bad)("%o is not one, with %i findings", (text, findings) => {
    expect(read(text)).toBe(findings);
  });

  test("names the place of a finding, and the grammar", () => {
    expect(parseLandingText("nowhere", SHAPE, "seed.ts")).toEqual({
      ok: false,
      findings: [
        {
          code: "invalid-landing",
          where: "seed.ts",
          line: null,
          column: null,
          message: expect.stringMatching(/"nowhere" is not a valid landing; write LIST/),
        },
      ],
    });
  });
});

describe("a rendered landing", () => {
  test("parses back to what it was", () => {
    const via = fc.array(fc.constantFrom("envoy-outbound", "envoy-inbound" as const), { maxLength: 3 });
    const listener = fc.constantFrom("envoy-outbound", "envoy-inbound", "status", "app", "client", "upstream" as const);
    const source = fc.constantFrom(null, "127.0.0.6", "::6");
    const port = fc.integer({ min: 1, max: 65535 });
    fc.assert(
      fc.property(listener, port, via, source, (name, number, hops, from) => {
        const landing = makeLanding("listener", {
          listener: name,
          port: number,
          source: from,
          hops: hops.map((hop) => ({ listener: hop, port: 1, originalDestination: null })),
        });
        expect(read(renderLanding(landing))).toEqual(["listener", name, number, "as-dialled", hops.join(), from]);
      }),
    );
  });

  test("names a source without its port", () => {
    const landing = makeLanding("listener", { host: "pod", listener: "app", port: 8080, source: "[::6]:40000" });
    expect(renderLanding(landing)).toBe("app:8080 from ::6");
  });

  test("of a loop does not list the hops", () => {
    const hop = { listener: "envoy-inbound", port: 15006, originalDestination: null } as const;
    expect(renderLanding(makeLanding("loop", { hops: Array(8).fill(hop) }))).toBe("loop");
  });
});
