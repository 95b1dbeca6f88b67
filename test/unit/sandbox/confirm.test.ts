import { describe, expect, test } from "vitest";
import type { Seen } from "../../../harness/agent/protocol.ts";
import { type Landing, makeLanding } from "../../../harness/model/landing.ts";
import { confirmLanding } from "../../../harness/sandbox/confirm.ts";

const HOP = { listener: "envoy-inbound", port: 15006, originalDestination: "10.244.0.2:8080" } as const;
const DIRECT = makeLanding("listener", { host: "pod", listener: "app", port: 8080 });
const FORWARDED = { ...DIRECT, hops: [HOP] };

function record(
  hopsBefore: number,
  listener: Seen["listener"],
  port: number,
  originalDestination: string | null,
): Seen {
  return { token: "t", host: "pod", listener, port, originalDestination, source: "10.244.0.3:40000", hopsBefore };
}

const SEEN_APP = record(0, "app", 8080, null);
const SEEN_HOP = record(0, "envoy-inbound", 15006, "10.244.0.2:8080");

function check(landing: Landing, records: readonly Seen[], expected: Landing["kind"]): void {
  expect(confirmLanding({ token: "t", landing, local: null, durationMs: 1 }, records).kind).toBe(expected);
}

describe("what the caller was told is believed", () => {
  test("if the listener has recorded the same", () => check(DIRECT, [SEEN_APP], "listener"));
  test("if every hop and the last listener have, in whatever order they tell", () =>
    check(FORWARDED, [record(1, "app", 8080, null), SEEN_HOP], "listener"));
  test("of a refusal, if nobody has recorded anything", () => check(makeLanding("refused"), [], "refused"));
  test("of a refusal behind the stub, if the stub has", () =>
    check(makeLanding("refused", { hops: [HOP] }), [SEEN_HOP], "refused"));
  test("of a failure to look, whatever was recorded", () =>
    check(makeLanding("could-not-look", { cause: "x" }), [SEEN_APP], "could-not-look"));
});

describe("a landing could not be looked at", () => {
  test("if the listener has not recorded it", () => check(DIRECT, [], "could-not-look"));
  test("if another listener has", () => check(DIRECT, [record(0, "status", 15020, null)], "could-not-look"));
  test("if the listener has recorded another port", () => check(DIRECT, [{ ...SEEN_APP, port: 22 }], "could-not-look"));
  test("if the listener has recorded another original destination", () =>
    check(DIRECT, [{ ...SEEN_APP, originalDestination: "10.96.0.1:80" }], "could-not-look"));
  test("if a hop is missing", () => check(FORWARDED, [record(1, "app", 8080, null)], "could-not-look"));
  test("if a listener has recorded it twice", () => check(DIRECT, [SEEN_APP, SEEN_APP], "could-not-look"));
  test("if it timed out and yet reached a listener", () =>
    check(makeLanding("timed-out"), [SEEN_APP], "could-not-look"));
});

test("the difference between both ends is told", () => {
  const { cause } = confirmLanding({ token: "t", landing: makeLanding("reset"), local: null, durationMs: 1 }, [
    SEEN_APP,
  ]);
  expect(cause).toBe("the caller was told of [] (reset), the listeners recorded [0 app:8080 <- as dialled]");
});
