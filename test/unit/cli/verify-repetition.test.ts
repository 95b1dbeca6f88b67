import { expect, test } from "vitest";
import { readVerifyOptions } from "../../../harness/cli/verify/options.ts";
import { renderRepetition } from "../../../harness/cli/verify/repetition.ts";
import type { ScenarioReport } from "../../../harness/model/report.ts";
import { captureOf } from "../../istio-pod.ts";
import { seedConfig } from "../../seed-config.ts";

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
