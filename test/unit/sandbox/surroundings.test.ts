import { describe, expect, test } from "vitest";
import { checkSurroundings, type Surroundings } from "../../../harness/sandbox/surroundings.ts";

const GOOD: Surroundings = { uid: 1000, workingDirectory: "there", limits: { openFiles: 1024, processes: 4096 } };

function why(surroundings: Partial<Surroundings>): string | null {
  try {
    checkSurroundings({ ...GOOD, ...surroundings });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

describe("a sandbox can work", () => {
  test("here", () => expect(() => checkSurroundings()).not.toThrow());
  test("for root, whatever number of processes a user may have", () =>
    expect(why({ uid: 0, limits: { openFiles: 1024, processes: 12 } })).toBeNull());
});

describe("no sandbox can work, and the error says what to do,", () => {
  test.each([
    ["without /proc", { limits: null }, /\/proc is not mounted; mount it/],
    ["in a folder that was removed", { workingDirectory: "removed" }, /has been removed; change to another one/],
    ["with 32 files", { limits: { openFiles: 32, processes: 4096 } }, /may open only 32 files; raise.*ulimit -n/],
    [
      "with 12 processes",
      { limits: { openFiles: 1024, processes: 12 } },
      /may have only 12 processes; raise.*ulimit -u/,
    ],
  ] as const)("%s", (_, surroundings, message) => {
    expect(why(surroundings)).toMatch(message);
  });
  test("with every reason at once", () => {
    expect(why({ workingDirectory: "removed", limits: { openFiles: 32, processes: 12 } })).toMatch(
      /has been removed.*may open only 32 files.*may have only 12 processes/,
    );
  });
});
