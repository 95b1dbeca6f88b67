import { expect, test } from "vitest";
import { makeMutationProgress } from "../../../harness/cli/mutate-progress.ts";
import type { MutantReport } from "../../../harness/model/mutation-report.ts";

/** Judges 600 mutants, one every 0.2 s, the hundredth and every hundredth after it missed; gives what is said, in order. */
function judge(output: "terminal" | "log", mutants = 600): readonly string[] {
  const said: string[] = [];
  let now = 5_000;
  const io = {
    out: () => {},
    err: (text: string) => said.push(text),
    environment: {},
    workingDirectory: "/",
    display: { columns: 80, isTerminal: output === "terminal", color: false },
  };
  const progress = makeMutationProgress(io, () => now);
  for (let done = 1; done <= mutants; done++) {
    now += 200;
    const outcome: MutantReport["outcome"] = done % 100 === 0 ? "missed" : "caught";
    progress.note({ mutant: "m", outcome, flow: null }, done, mutants);
  }
  progress.wipe();
  return said;
}

test("a log gets a line every half minute: how far, how many missed, how long still", () => {
  expect(judge("log")).toEqual([
    "landfall: 150 of 600 mutants judged, 1 missed; about 90 s left\n",
    "landfall: 300 of 600 mutants judged, 3 missed; about 60 s left\n",
    "landfall: 450 of 600 mutants judged, 4 missed; about 30 s left\n",
  ]);
});

test("a log says nothing of a short run", () => {
  expect(judge("log", 100)).toEqual([]);
});

test("a terminal has one line, written over and wiped at the end", () => {
  const said = judge("terminal");
  expect(said[0]).toBe("\r\u001b[K1 of 600 mutants judged, none missed; about 2 min left");
  expect(said).toHaveLength(600);
  expect(said.at(-1)).toBe("\r\u001b[K");
});
