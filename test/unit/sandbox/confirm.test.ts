import { describe, expect, test } from "vitest";
import type { Seen } from "../../../harness/agent/protocol.ts";
import { type Landing, makeBlind, makeLanding } from "../../../harness/model/landing.ts";
import { confirmLanding } from "../../../harness/sandbox/agents/confirm.ts";

const HOP = { listener: "envoy-inbound", port: 15006, originalDestination: "10.244.0.2:8080" } as const;
const DIRECT = makeLanding("listener", { host: "pod", listener: "app", port: 8080 });
const RESULT = { token: "t", local: null, durationMs: 1, endedAtMs: 3_000 };
const FORWARDED = { ...DIRECT, hops: [HOP] };

function record(
  hopsBefore: number,
  listener: Seen["listener"],
  port: number,
  originalDestination: string | null,
): Seen {
  const ends = { address: "10.244.0.2", port, originalDestination, source: "10.244.0.3:40000" };
  return { token: "t", host: "pod", listener, ...ends, hopsBefore, atMs: 1_000 };
}

const SEEN_APP = record(0, "app", 8080, null);
const SEEN_HOP = record(0, "envoy-inbound", 15006, "10.244.0.2:8080");

function check(landing: Landing, records: readonly Seen[], expected: Landing["kind"]): void {
  expect(confirmLanding({ ...RESULT, landing }, records).kind).toBe(expected);
}

describe("the landing that the caller was told is accepted", () => {
  test("if the listener has recorded the same", () => check(DIRECT, [SEEN_APP], "listener"));
  test("if every hop and the last listener have recorded it, in any order", () =>
    check(FORWARDED, [record(1, "app", 8080, null), SEEN_HOP], "listener"));
  test("for a refusal, if no listener has recorded anything", () => check(makeLanding("refused"), [], "refused"));
  test("for a refusal behind the stub, if the stub has recorded its passage", () =>
    check(makeLanding("refused", { hops: [HOP] }), [SEEN_HOP], "refused"));
  test("for a failure to observe, whatever was recorded", () =>
    check(makeBlind("socket-failed", "x"), [SEEN_APP], "could-not-look"));
});

describe("a reply to an echo request", () => {
  const seen = (host: Seen["host"]) => ({ ...record(0, "kernel", 0, null), host });
  test("is that of the one host that saw the request, at the address that it came to", () =>
    expect(confirmLanding({ ...RESULT, landing: makeLanding("replied") }, [seen("upstream")], "icmp")).toMatchObject({
      kind: "replied",
      host: "upstream",
      address: "10.244.0.2",
    }));
  test("counts as not observed if no host saw the request, or two did", () => {
    for (const records of [[], [seen("pod"), seen("upstream")]])
      expect(confirmLanding({ ...RESULT, landing: makeLanding("replied") }, records, "icmp").kind).toBe(
        "could-not-look",
      );
  });
  test("was lost if a host saw the request long before the sender gave up", () =>
    expect(confirmLanding({ ...RESULT, landing: makeLanding("timed-out") }, [seen("pod")], "icmp")).toMatchObject({
      kind: "unanswered",
      host: "pod",
    }));
});

describe("a landing counts as not observed", () => {
  test("if the listener has not recorded it", () => check(DIRECT, [], "could-not-look"));
  test("if another listener has recorded it", () =>
    check(DIRECT, [record(0, "status", 15020, null)], "could-not-look"));
  test("if the listener has recorded another port", () => check(DIRECT, [{ ...SEEN_APP, port: 22 }], "could-not-look"));
  test("if the listener has recorded another original destination", () =>
    check(DIRECT, [{ ...SEEN_APP, originalDestination: "10.96.0.1:80" }], "could-not-look"));
  test("if a hop is missing", () => check(FORWARDED, [record(1, "app", 8080, null)], "could-not-look"));
  test("if a listener has recorded it twice", () => check(DIRECT, [SEEN_APP, SEEN_APP], "could-not-look"));
  test("if it timed out although it reached a listener", () =>
    check(makeLanding("timed-out"), [SEEN_APP], "could-not-look"));
});

test("the difference between both ends is reported", () => {
  const { cause } = confirmLanding({ ...RESULT, landing: makeLanding("reset") }, [SEEN_APP]);
  expect(cause).toBe("the caller saw [] (reset), but the listeners recorded [0 app:8080 <- as dialled]");
});

describe("`unanswered` is accepted for a made connection", () => {
  const lost = makeLanding("unanswered", { cause: "not-delivered" });
  const taken = makeLanding("unanswered", { cause: "delivered" });
  test("if the request was lost and no listener has read it", () => check(lost, [], "unanswered"));
  test("if the listener read it long before the dialling end gave up", () => check(lost, [SEEN_APP], "unanswered"));
  test("if the far end took the request and the listener read it", () => check(taken, [SEEN_APP], "unanswered"));
  test("behind the stub, if the stub has recorded its passage", () =>
    check({ ...lost, hops: [HOP] }, [SEEN_HOP], "unanswered"));
  test("but not if the far end took the request and no listener read it: that listener is stuck", () =>
    check(taken, [], "could-not-look"));
  test("but not if the listener read it only just now: it may be late", () =>
    check(taken, [{ ...SEEN_APP, atMs: 2_900 }], "could-not-look"));
  test("but not if two listeners have read it", () => check(lost, [SEEN_APP, SEEN_APP], "could-not-look"));
  test("without saying what became of the request", () =>
    expect(confirmLanding({ ...RESULT, landing: lost }, [])).toEqual(makeLanding("unanswered")));
});

describe("of a datagram without an answer", () => {
  const silence = makeLanding("timed-out");
  const strayed = makeLanding("timed-out", { replyFrom: "127.0.0.1:8080" });
  const late = { ...SEEN_APP, atMs: 2_900 };
  const judge = (landing: Landing, records: readonly Seen[], expected: Landing["kind"]) =>
    expect(confirmLanding({ ...RESULT, landing }, records, "udp").kind).toBe(expected);
  test("no listener's record says that it was lost", () => judge(silence, [], "timed-out"));
  test("one listener's record says that it arrived", () => judge(silence, [SEEN_APP], "unanswered"));
  test("a record that came too late for its answer proves nothing", () => judge(silence, [late], "could-not-look"));
  test("an answer from elsewhere says that it arrived, however late", () => judge(strayed, [late], "unanswered"));
  test("an answer that no listener gave proves nothing", () => judge(strayed, [], "could-not-look"));
  test("two records prove nothing, because one datagram was sent", () =>
    judge(silence, [SEEN_APP, SEEN_APP], "could-not-look"));
});

describe("of a datagram", () => {
  const confirm = (landing: Landing, records: readonly Seen[]) =>
    confirmLanding({ ...RESULT, landing }, records, "udp");
  test("what had been dialled is the listeners' word: it is answered before they know that", () => {
    const redirected = confirm(FORWARDED, [record(1, "app", 8080, "10.96.0.10:53"), SEEN_HOP]);
    expect(redirected).toMatchObject({ kind: "listener", originalDestination: "10.96.0.10:53", hops: [HOP] });
    expect(confirm({ ...DIRECT, originalDestination: "10.96.0.1:1" }, [SEEN_APP]).originalDestination).toBeNull();
  });
  test("that a listener recorded at another port, or twice, nothing is believed", () => {
    for (const records of [[{ ...SEEN_APP, port: 22 }], [SEEN_APP, SEEN_APP], []])
      expect(confirm(DIRECT, records).code).toBe("ends-disagree");
  });
  test("whose listener cannot tell what had been dialled, that is the landing", () => {
    const blind = { ...SEEN_APP, blindness: "two entries" };
    expect(confirm(DIRECT, [blind])).toMatchObject({ kind: "could-not-look", cause: "two entries" });
    expect(confirm(makeLanding("timed-out"), [blind]).kind).toBe("unanswered");
  });
});
