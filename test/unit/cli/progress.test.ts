import { expect, test } from "vitest";
import type { Display } from "../../../harness/cli/command.ts";
import { makeProgress } from "../../../harness/cli/output/progress.ts";

/** Does so many things, one every 0.2 s after a start of a second; gives what is said, in order. */
function run(progress: Display["progress"], things = 150): readonly string[] {
  const said: string[] = [];
  let now = 5_000;
  const err = (text: string) => said.push(text);
  const told = makeProgress({ err, display: { columns: 80, isTerminal: true, color: false, progress } }, () => now);
  now += 1_000;
  for (let done = 1; done <= things; done++) {
    now += 200;
    told.note(done, things, "things done");
  }
  told[Symbol.dispose]();
  return said;
}

test("a log gets a line every ten seconds with progress and remaining time", () => {
  expect(run("appended")).toEqual([
    "landfall: 45 of 150 things done; about 21 s left\n",
    "landfall: 95 of 150 things done; about 11 s left\n",
    "landfall: 145 of 150 things done; about 1 s left\n",
  ]);
});

test("a log gets no progress line for a short run", () => {
  expect(run("appended", 44)).toEqual([]);
});

test("a terminal has one line, overwritten and erased at the end", () => {
  const said = run("rewritten", 600);
  expect([said[0], said[10]]).toEqual([
    "\r\u001b[K1 of 600 things done",
    "\r\u001b[K11 of 600 things done; about 2 min left",
  ]);
  expect(said).toHaveLength(600);
  expect(said.at(-1)).toBe("\r\u001b[K");
});

test("a terminal without a progress line is left alone", () => {
  expect(run("rewritten", 1)).toEqual([]);
});

test("other messages replace the progress line", () => {
  const said: string[] = [];
  let now = 0;
  const err = (text: string) => said.push(text);
  const display: Display = { columns: 80, isTerminal: true, color: false, progress: "rewritten" };
  const told = makeProgress({ err, display }, () => (now += 200));
  told.note(1, 3, "things done");
  told.tellAside("a word\n");
  told.tellAside("another\n");
  expect(said.slice(1)).toEqual(["\r\u001b[K", "a word\n", "another\n"]);
});
