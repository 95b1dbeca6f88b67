import { expect, test } from "vitest";
import { type Lot, MutationQueue } from "../../../harness/run/mutation/mutation-queue.ts";
import { EXCLUSION, OTHER_EXCLUSION, subjectsOf } from "./exclusion-subjects.ts";

const SUBJECTS = subjectsOf(EXCLUSION, OTHER_EXCLUSION);

/** Lets workers ask in turn, by their numbers, and gives for each turn the lot and the mutant's place in it; null for nothing. */
function takeInTurn(queue: MutationQueue, turns: readonly number[]): readonly (string | null)[] {
  const standing = new Map<number, Lot>();
  return turns.map((worker) => {
    const task = queue.take(standing.get(worker) ?? null);
    if (task) standing.set(worker, task.lot);
    return task && `${task.lot.subject.name} ${task.index}`;
  });
}

test("every mutant is handed out once", () => {
  const queue = new MutationQueue(SUBJECTS);
  const taken = takeInTurn(
    queue,
    Array.from({ length: queue.size * 3 }, (_, i) => i % 3),
  );
  const wanted = queue.lots.flatMap(({ subject, mutants }) => mutants.map((_, i) => `${subject.name} ${i}`));
  expect(taken.filter((task) => task !== null).toSorted()).toEqual(wanted.toSorted());
});

test("a worker stays with one rule set, the next begins another, a third helps where most mutants are left", () => {
  expect(takeInTurn(new MutationQueue(SUBJECTS), [1, 1, 2, 1, 3])).toEqual([
    "exclusion 0",
    "exclusion 1",
    "other 0",
    "exclusion 2",
    "other 1",
  ]);
});

test("a worker does not change its rule set for a few mutants of another", () => {
  const queue = new MutationQueue(SUBJECTS);
  const [first = 0] = queue.lots.map(({ mutants }) => mutants.length);
  takeInTurn(queue, Array.from({ length: first - 3 }).fill(1) as number[]);
  expect(takeInTurn(queue, [2, 3])).toEqual(["other 0", "other 1"]);
  const rest = takeInTurn(queue, Array.from({ length: queue.size - first - 5 }).fill(4) as number[]);
  expect(rest.at(-1)).toMatch(/^other/);
  expect(takeInTurn(queue, [5])).toEqual([null]);
});

test("nothing is handed out once the queue is closed", () => {
  const queue = new MutationQueue(SUBJECTS);
  expect(takeInTurn(queue, [1])).toEqual(["exclusion 0"]);
  queue.close();
  expect(takeInTurn(queue, [1, 2])).toEqual([null, null]);
});
