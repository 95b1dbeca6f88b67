import { describe, expect, test } from "vitest";
import { makeBlind, makeLanding } from "../../../../harness/model/landing.ts";
import type { AccessLogEntry } from "../../../../harness/sandbox/envoy/access-log.ts";
import { type DrivenFlow, type LogState, traceFlow } from "../../../../harness/sandbox/envoy/passages.ts";
import { ENDED, PASSED } from "./entries.ts";

/** A call of the client that the app answers: Envoy accepts it twice, at 15006 and, from 127.0.0.6, at 15001. */
const FIRST = { ...PASSED, source: "10.244.0.3:1", accepted: "10.244.0.2:15006", onwardSource: "127.0.0.6:2" };
const SECOND = { ...PASSED, source: "127.0.0.6:2", listener: "envoy-outbound", port: 15001 } as const;
const LAST = { ...SECOND, onward: "127.0.0.1:8080", onwardSource: "127.0.0.1:3" };
const REFUSED = { ...ENDED, source: "127.0.0.6:2", listener: "envoy-outbound", port: 15001 } as const;
const ANSWERED = makeLanding("listener", { host: "pod", listener: "app", port: 8080, source: "127.0.0.1:3" });
const FLOW: DrivenFlow = { local: "10.244.0.3:1", dialled: "10.244.0.2:8080", landing: ANSWERED };
const CLOSED = makeBlind("no-proper-answer", "closed without an answer");

function check(
  flow: DrivenFlow,
  entries: readonly AccessLogEntry[],
  expected: string,
  log: LogState = "growing",
): void {
  const { state, landing } = traceFlow(flow, entries, log);
  expect(`${state} ${[landing.kind, ...landing.hops.map(({ port }) => port)].join(" ")}`).toBe(expected);
}

describe("the way of a flow through Envoy", () => {
  test("is followed from the dialling end to the listener, whatever the order of the log", () => {
    check(FLOW, [LAST, FIRST], "told listener 15006 15001");
  });
  test("is unknown while a passage is missing", () => {
    check(FLOW, [FIRST], "untold listener");
  });
  test("is unknown if Envoy has dialled the listener from another address", () => {
    check(FLOW, [FIRST, { ...LAST, onwardSource: "127.0.0.1:4" }], "untold listener");
  });
  test("follows from the two ends alone if the listener saw the dialling end itself", () => {
    check({ ...FLOW, landing: { ...ANSWERED, source: "10.244.0.3:1" } }, [], "told listener");
  });
  test("is not looked for if no connection was made", () => {
    check({ ...FLOW, landing: makeLanding("refused") }, [], "told refused");
  });
  test("is looked for if the connection was made and closed", () => {
    check({ ...FLOW, landing: CLOSED }, [], "untold could-not-look");
  });
  test("ends at the passage from which Envoy could not dial on", () => {
    check({ ...FLOW, landing: CLOSED }, [FIRST, REFUSED], "told refused 15006 15001");
  });
  test("is found although the kernel gave the connection another source port", () => {
    check(FLOW, [{ ...FIRST, source: "10.244.0.3:99" }, LAST], "told listener 15006 15001", "complete");
  });
  test("is not found by elimination while more may come", () => {
    check(FLOW, [{ ...FIRST, source: "10.244.0.3:99" }, LAST], "untold listener");
  });
  test("is found by the order in which passages began if several have another port", () => {
    const [first, last] = [
      { ...FIRST, id: 4, source: "10.244.0.3:98" },
      { ...LAST, id: 6, source: "127.0.0.6:99" },
    ];
    const [third, landing] = [
      { ...last, id: 8, onwardSource: "127.0.0.1:9" },
      { ...ANSWERED, source: "127.0.0.1:9" },
    ];
    const loop = { ...last, onward: "10.244.0.2:8080", onwardSource: "127.0.0.6:7" };
    check({ ...FLOW, landing }, [third, loop, first], "told listener 15006 15001 15001", "complete");
  });
});
