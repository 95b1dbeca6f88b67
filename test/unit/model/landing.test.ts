import { describe, expect, test } from "vitest";
import { LANDING_KINDS, type Landing, landingsAgree, makeBlind, makeLanding } from "../../../harness/model/landing.ts";

const INBOUND: Landing = makeLanding("listener", {
  host: "pod",
  listener: "envoy-inbound",
  port: 15006,
  originalDestination: "10.244.0.2:8080",
});
const hop = { listener: "envoy-inbound", port: 15006, originalDestination: "10.244.0.2:8080" } as const;
const outboundHop = { ...hop, listener: "envoy-outbound", port: 15001 } as const;

describe("two landings agree", () => {
  const rows: readonly (readonly [string, Landing, Landing, boolean])[] = [
    ["when nothing differs", INBOUND, INBOUND, true],
    ["whatever the source's port", { ...INBOUND, source: "10.0.0.1:1" }, { ...INBOUND, source: "10.0.0.1:2" }, true],
    ["where a source is demanded by address", { ...INBOUND, source: "::6" }, { ...INBOUND, source: "[::6]:1" }, true],
    ["where no source is demanded", INBOUND, { ...INBOUND, source: "10.0.0.1:2" }, true],
    ["but not from another source", { ...INBOUND, source: "::6" }, { ...INBOUND, source: "[::1]:1" }, false],
    ["but not from an unknown source", { ...INBOUND, source: "::6" }, INBOUND, false],
    ["but not at another listener", INBOUND, { ...INBOUND, listener: "envoy-outbound" }, false],
    ["with any address, if none is demanded", INBOUND, { ...INBOUND, address: "127.0.0.1" }, true],
    ["but not at another address", { ...INBOUND, address: "::1" }, { ...INBOUND, address: "::2" }, false],
    ["but not at another port", INBOUND, { ...INBOUND, port: 15001 }, false],
    ["but not for another destination", INBOUND, { ...INBOUND, originalDestination: "10.244.0.2:80" }, false],
    ["but not where nothing was redirected", INBOUND, { ...INBOUND, originalDestination: null }, false],
    ["but not over a hop more", INBOUND, { ...INBOUND, hops: [hop] }, false],
    ["but not over another hop", { ...INBOUND, hops: [hop] }, { ...INBOUND, hops: [outboundHop] }, false],
    ["over the same hops", { ...INBOUND, hops: [hop] }, { ...INBOUND, hops: [hop] }, true],
    ["as refusals, whatever the port", makeLanding("refused", { port: 80 }), makeLanding("refused"), true],
    ["but no refusal is a reset", makeLanding("refused"), makeLanding("reset"), false],
    [
      "but no refusal behind a hop is one before it",
      makeLanding("refused"),
      makeLanding("refused", { hops: [hop] }),
      false,
    ],
    [
      "as loops, where no hop is demanded",
      makeLanding("loop"),
      makeLanding("loop", { hops: Array(8).fill(hop) }),
      true,
    ],
    [
      "as loops that begin as demanded",
      makeLanding("loop", { hops: [hop, outboundHop] }),
      makeLanding("loop", { hops: [hop, ...Array(7).fill(outboundHop)] }),
      true,
    ],
    [
      "but not as loops that begin otherwise",
      makeLanding("loop", { hops: [outboundHop] }),
      makeLanding("loop", { hops: Array(8).fill(hop) }),
      false,
    ],
  ];
  test.each(rows)("%s", (_, expected, seen, agree) => {
    expect(landingsAgree(expected, seen)).toBe(agree);
  });

  test.each(LANDING_KINDS.filter((kind) => kind !== "could-not-look"))(
    "but %s never agrees with could-not-look",
    (kind) => {
      expect(landingsAgree(makeLanding(kind), makeBlind("no-observation", "the agent ended"))).toBe(false);
      expect(landingsAgree(makeBlind("no-observation", "the agent ended"), makeLanding(kind))).toBe(false);
    },
  );
});
