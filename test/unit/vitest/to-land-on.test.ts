import { expect, test } from "vitest";
import { makeBlind, makeLanding } from "../../../harness/model/landing.ts";
import type { BackendName, FlowReport } from "../../../harness/model/report.ts";
import type { PodFlow } from "../../../harness/vitest/pod.ts";
import { toLandOn } from "../../../harness/vitest/to-land-on.ts";
import { sampleFlow } from "../report/sample-report.ts";

const UPSTREAM = makeLanding("listener", { host: "upstream", listener: "upstream", port: 80 });
const REFUSED = makeLanding("refused");

function toPodFlow(report: FlowReport, backend: BackendName): PodFlow {
  return { text: report.flow, manner: "answer", drive: async () => report, backend };
}

/** Gives what the matcher makes of a flow expected at upstream: whether it passes, or what it throws. */
async function check(fields: Partial<FlowReport>, expected: boolean | RegExp): Promise<void> {
  const report = sampleFlow("app -> upstream:80", { expected: UPSTREAM, observed: UPSTREAM, ...fields });
  const matching = toLandOn.call({}, toPodFlow(report, "netns"), "upstream:80");
  if (typeof expected === "boolean") expect((await matching).pass).toBe(expected);
  else await expect(matching).rejects.toThrow(expected);
}

test("toLandOn passes or fails by where the flow landed", async () => {
  await check({ predicted: UPSTREAM }, true);
  await check({ predicted: REFUSED, observed: REFUSED, verdict: "wrong" }, false);
});

test("toLandOn throws, negated or not, if the harness could not observe the flow or predicted it wrongly", async () => {
  const blind = makeBlind("no-observation", "the agent ended");
  await check({ observed: blind, verdict: "could-not-look" }, /the agent ended/);
  await check({ predicted: REFUSED }, /predicted refused[\s\S]*a defect of landfall, or of its observation/);
});

test("toLandOn accepts a flow whose prediction is unknown", async () => {
  await check({ predicted: makeBlind("depends-on-unknown", "it depends") }, true);
});

test("toLandOn does not claim to have seen a flow that was not driven", async () => {
  const report = sampleFlow("app -> upstream:80", { expected: UPSTREAM, observed: REFUSED, predicted: REFUSED });
  const rows = async (backend: BackendName) =>
    (await toLandOn.call({}, toPodFlow(report, backend), "upstream:80")).message().match(/^ {2}(predicted|got) .*/gm);
  expect(await rows("netns")).toEqual(["  got       refused"]);
  expect(await rows("simulated")).toEqual(["  predicted refused"]);
});

test("toLandOn, negated, says that a flow lands where it must not", async () => {
  const report = sampleFlow("app -> upstream:80", { expected: UPSTREAM, observed: UPSTREAM, predicted: UPSTREAM });
  const told = await toLandOn.call({ isNot: true }, toPodFlow(report, "netns"), "upstream:80");
  expect(told.message()).toMatch(/^app -> upstream:80 must not land on upstream:80, but does\.\n/);
  expect(told).toMatchObject({ pass: true, actual: "upstream:80", expected: "not upstream:80" });
});

test("toLandOn gives an editor both landings", async () => {
  const report = sampleFlow("app -> upstream:80", {
    expected: UPSTREAM,
    observed: REFUSED,
    predicted: REFUSED,
    verdict: "wrong",
  });
  const told = await toLandOn.call({}, toPodFlow(report, "netns"), "upstream:80");
  expect(told).toMatchObject({ pass: false, actual: "refused", expected: "upstream:80" });
});
