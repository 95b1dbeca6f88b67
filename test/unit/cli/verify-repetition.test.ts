import { expect, test } from "vitest";
import { readVerifyOptions } from "../../../harness/cli/verify/options.ts";
import { renderRepetition } from "../../../harness/cli/verify/repetition.ts";
import type { ScenarioReport } from "../../../harness/model/report.ts";
import { captureOf } from "../../istio-pod.ts";
import { seedConfig } from "../../seed-config.ts";
import { sampleReport } from "../report/sample-report.ts";

const IO = {
  out: () => {},
  err: () => {},
  environment: {},
  workingDirectory: process.cwd(),
  display: { columns: 100, isTerminal: false, color: false, progress: "appended" },
} as const;

test.each([
  ["docker", " --init-container --privileged"],
  ["netns", ""],
] as const)("the command that repeats a flow on %s has only options that the backend supports", (backend, words) => {
  const report = { name: "seed" } as unknown as ScenarioReport;
  const { words: settings } = captureOf(seedConfig());
  const options = readVerifyOptions(["seed", "--init-container", "--privileged"], IO, new Map());
  const files = { rules: null, rules6: null, nft: null };
  const repetition = { report, flows: [], files, listen: [], backend, settings };
  expect(renderRepetition(repetition, options, IO)).toMatch(
    new RegExp(`^landfall verify .* --sandbox ${backend}${words}$`, "m"),
  );
});

test("what is repeated explains one flow of each cause, and of the others only the one that it is asked for", () => {
  const [report] = sampleReport().scenarios;
  const [first, second, third] = report?.flows ?? [];
  if (!report || !first || !second || !third) throw new Error("the sample has no three flows");
  const flows = [first, second, third].map((flow) => ({ ...flow, verdict: "wrong" as const }));
  const cause = {
    kind: "no-rule",
    rule: null,
    wanted: null,
    why: "no rule takes these flows",
    flows: [first, third],
  } as const;
  const files = { rules: "rules.txt", rules6: null, nft: null };
  const { words: settings } = captureOf(seedConfig());
  const repetition = {
    report: { ...report, causes: [cause] },
    flows,
    files,
    listen: [],
    backend: "netns",
    settings,
  } as const;
  const script = renderRepetition(repetition, readVerifyOptions(["seed"], IO, new Map()), IO);
  const commands = script
    .slice(script.indexOf("\n\n") + 2)
    .trimEnd()
    .split("\n");
  const told = commands.map((line) => /^landfall (?:verify|explain '[^']*')/.exec(line)?.[0] ?? line);
  // The second landed elsewhere than predicted: no cause tells why.
  expect(told).toEqual([
    "landfall verify",
    "status=$?",
    ...[first, second].map(({ flow }) => `landfall explain '${flow}'`),
    'if [ -n "$only" ]; then',
    `landfall explain '${third.flow}'`,
    "fi",
    'exit "$status"',
  ]);
});
