import { describe, expect, test } from "vitest";
import type { Report, ScenarioReport } from "../../../harness/model/report.ts";
import { layOut } from "../../../harness/report/picture-layout.ts";
import { collectLines } from "../../../harness/report/picture-lines.ts";
import { renderPicture } from "../../../harness/report/svg.ts";
import { runCommandIn } from "../cli/run-command.ts";

async function verify(...words: readonly string[]): Promise<ScenarioReport> {
  const { out } = await runCommandIn({}, "verify", ...words, "--sandbox", "simulated", "--json");
  const [scenario] = (JSON.parse(out) as Report).scenarios;
  if (scenario === undefined) throw new Error("no scenario");
  return scenario;
}

const passed = await verify("seed");
/** The flow as if it had ended elsewhere. */
const failed: ScenarioReport = {
  ...passed,
  flows: passed.flows.map((flow) =>
    flow.flow === "client -> pod:8080"
      ? { ...flow, observed: { ...flow.observed, kind: "timed-out" }, verdict: "wrong" }
      : flow,
  ),
};

describe("the picture of a scenario", () => {
  const lines = collectLines(failed.flows);
  const { boxes, frames, lines: placed, width, height } = layOut(lines);

  test("has a line for every flow, those that failed drawn last, beside where they should have landed", () => {
    const counted = (kind: string) =>
      lines.filter((line) => line.kind === kind).reduce((sum, { flows }) => sum + flows, 0);
    expect({ pass: counted("pass"), wrong: counted("wrong") }).toEqual({ pass: passed.flows.length - 2, wrong: 2 });
    expect(lines.slice(-1).map(({ from, to, kind }) => [from.label, to.label, kind])).toEqual([
      ["client", "timed-out", "wrong"],
    ]);
    expect(lines.filter(({ kind }) => kind === "expected").map(({ to }) => [to.label, to.note])).toEqual([
      ["envoy-inbound", ""],
      ["app", "via envoy-inbound"],
    ]);
  });

  test("has nothing between its two columns of boxes but lines, and boxes that do not overlap", () => {
    const left = boxes.filter(({ x }) => x < width / 2);
    const gap = [
      Math.max(...left.map((box) => box.x + box.width)),
      Math.min(...boxes.filter((box) => !left.includes(box)).map(({ x }) => x)),
    ];
    expect(new Set(placed.flatMap(({ from: [start], to: [end] }) => [start, end]))).toEqual(new Set(gap));
    for (const [i, one] of boxes.entries())
      for (const other of boxes.slice(i + 1))
        expect(one.x !== other.x || one.y + one.height < other.y || other.y + other.height < one.y).toBe(true);
    expect(frames.every((frame) => frame.y + frame.height <= height && frame.x + frame.width <= width)).toBe(true);
  });

  test("explains the lines that it has, and no others", () => {
    const legend = (scenario: ScenarioReport) =>
      /<figcaption>.*<\/figcaption>/s.exec(renderPicture(scenario).html)?.[0] ?? "";
    expect(legend(passed)).toContain("as expected");
    expect(legend(passed)).not.toContain("not as expected");
    expect(legend(failed)).toMatch(/not as expected.*where these should have landed.*as expected/);
    expect(legend(failed)).not.toContain("not observed");
  });

  test("names all whom it draws as other owners, and nobody else", () => {
    const told = /Other owners: (.*?)<\/span>/.exec(renderPicture(passed).html)?.[1] ?? "";
    expect(told.replaceAll(/<\/?code>/g, "")).toBe("uid=1337,gid=1000, uid=1000,gid=1337.");
    const named = passed.flows.filter(({ from }) => from.actor === "app");
    expect(renderPicture({ ...passed, flows: named }).html).not.toContain("wners");
  });

  test("knows who is in the pod: no host that a mesh adds, and a proxy with its client's address", () => {
    const zones = (from: Partial<(typeof passed.flows)[number]["from"]>) =>
      collectLines(passed.flows.map((flow, i) => (i === 0 ? { ...flow, from: { ...flow.from, ...from } } : flow)))
        .filter((line) => line.from.label === from.actor)
        .map((line) => line.from.zone);
    expect(zones({ actor: "kubelet", address: "169.254.7.127" })).toEqual(["outside"]);
    expect(zones({ actor: "ztunnel", address: "10.244.0.3", mark: 0x539 })).toEqual(["pod"]);
    expect(zones({ actor: "other-proxy", address: "10.244.0.2" })).toEqual(["pod"]);
  });
});
