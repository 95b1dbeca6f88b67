import { describe, expect, test } from "vitest";
import { type Landing, makeLanding } from "../../../harness/model/landing.ts";
import type { FlowReport } from "../../../harness/model/report.ts";
import { describeHeading } from "../../../harness/report/cause-heading.ts";
import { sampleFlow } from "./sample-report.ts";

const taken = (listener: "envoy-inbound" | "envoy-outbound", dialled: string | null) =>
  makeLanding("listener", {
    host: "pod",
    listener,
    port: listener === "envoy-inbound" ? 15006 : 15001,
    originalDestination: dialled,
  });
const direct = (listener: "app" | "upstream", port: number) =>
  makeLanding("listener", { host: listener === "app" ? "pod" : "upstream", listener, port });
const outbound = (port = 80) => taken("envoy-outbound", `10.244.0.4:${port}`);
const inbound = (port = 80) => taken("envoy-inbound", `10.244.0.2:${port}`);
const refused = makeLanding("refused", { address: "10.244.0.2", port: 21 });

function flow(text: string, expected: Landing, observed: Landing, more: Partial<FlowReport> = {}): FlowReport {
  return sampleFlow(text, { expected, observed, verdict: "wrong", ...more });
}

/** Flows that must go on as dialled, and are taken. */
const captured = [22, 80].map((port) => flow(`envoy -> upstream:${port}`, direct("upstream", port), outbound(port)));
/** Flows that must be taken, and are not. */
const passed = [80, 81].map((port) => flow(`app -> upstream:${port}`, outbound(port), direct("upstream", port)));
const looping = flow(
  "app -> upstream:80",
  {
    ...direct("upstream", 80),
    hops: [{ listener: "envoy-outbound", port: 15001, originalDestination: "10.244.0.4:80" }],
  },
  { ...makeLanding("loop"), hops: [{ listener: "envoy-outbound", port: 15001, originalDestination: "10.244.0.4:80" }] },
  { manner: "forward" },
);

describe("the heading of a cause", () => {
  test.each<readonly [string, readonly FlowReport[]]>([
    [
      "1 flow lands on app:81 instead of envoy-inbound:15006",
      [flow("client -> pod:81", inbound(81), direct("app", 81))],
    ],
    ["2 flows land on envoy-outbound:15001 instead of the original destination", captured],
    ["2 flows go to the original destination instead of being redirected to envoy-outbound:15001", passed],
    [
      "3 flows go to the original destination instead of being redirected to envoy-outbound:15001 or envoy-inbound:15006",
      [...passed, flow("client -> pod:21", inbound(21), refused)],
    ],
    [
      "4 flows go wrong: 2 land on envoy-outbound:15001 instead of the original destination; 2 go to the original destination instead of being redirected to envoy-outbound:15001",
      [...captured, ...passed],
    ],
    [
      "3 flows go wrong: 1 loops instead of reaching upstream:80; 2 land on envoy-outbound:15001 instead of the original destination",
      [...captured, looping],
    ],
    [
      "3 flows time out instead of landing on envoy-outbound:15001 or on the original destination",
      [...captured, ...passed.slice(1)].map((each) => ({ ...each, observed: makeLanding("timed-out") })),
    ],
    [
      "1 flow lands on envoy-inbound:15006, but from another source address than required",
      [flow("client -> pod:80", { ...inbound(), source: "10.244.0.3" }, { ...inbound(), source: "10.244.0.9:0" })],
    ],
  ])("says %s", (heading, flows) => {
    expect(describeHeading(flows)).toBe(heading);
  });

  test("says what became of the flows beyond those of the two fates that most have, a loop aside", () => {
    const others = [
      flow("client -> pod:80", inbound(), outbound()),
      flow("client -> pod:21", inbound(21), makeLanding("timed-out")),
    ];
    expect(describeHeading([...captured, ...passed, ...others, looping])).toBe(
      "7 flows go wrong: 1 loops instead of reaching upstream:80; 2 land on envoy-outbound:15001 instead of the original destination; 4 in other ways: 2 go to the original destination, 1 lands on envoy-outbound:15001 and 1 times out",
    );
  });
});
