import { expect, test } from "vitest";
import { seedConfig } from "../../../harness/capture/seed-config.ts";
import { readVerifyOptions } from "../../../harness/cli/verify-options.ts";
import { renderRepetition } from "../../../harness/cli/verify-repetition.ts";
import type { ScenarioReport } from "../../../harness/model/report.ts";

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
] as const)("what only containers heed is repeated on %s as the backend bears it", (backend, words) => {
  const report = { name: "seed", capture: seedConfig() } as unknown as ScenarioReport;
  const options = readVerifyOptions(["seed", "--init-container", "--privileged"], IO);
  const repetition = { report, flows: [], files: { rules: null, rules6: null, nft: null }, listen: [], backend };
  expect(renderRepetition(repetition, options, IO)).toMatch(
    new RegExp(`^landfall verify .* --sandbox ${backend}${words}$`, "m"),
  );
});
