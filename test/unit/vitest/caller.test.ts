import { expect, test } from "vitest";
import { LandfallError } from "../../../harness/errors.ts";
import { blameCaller } from "../../../harness/vitest/caller.ts";

/** What a user calls; `fail` throws in the middle of it. */
function callHelper(fail: () => never): Promise<void> {
  return blameCaller(callHelper, async () => {
    await null;
    fail();
  });
}

/** Gives the functions and files of the stack of what is thrown. */
async function check(thrown: Error, expected: readonly RegExp[]): Promise<void> {
  const failWith = () => {
    throw thrown;
  };
  const error = await callHelper(failWith).catch((reason: Error) => reason);
  const [head, first = "", second = ""] = (error?.stack ?? "").replace(thrown.message, "…").split("\n");
  expect(head).toBe(`${thrown.name}: …`);
  for (const [i, line] of [first, second].entries()) expect(line).toMatch(expected[i] ?? /./);
  expect(error?.stack).not.toContain("callHelper");
}

function makeError(make: () => Error): Error {
  return make();
}

test("an error with an explanatory message points at the caller, whatever the message looks like", async () => {
  const error = makeError(() => new LandfallError("bad-input", "-p: no port\n    at all"));
  await check(error, [/at check \(.*caller\.test\.ts/]);
  expect(error.stack).not.toContain("makeError");
});

test("a defect points at the caller as well, and keeps its own stack lines", async () => {
  for (const make of [() => new TypeError("no such field"), () => new LandfallError("internal", "not judged")]) {
    const error = makeError(make);
    await check(error, [/at check \(.*caller\.test\.ts/]);
    expect(error.stack).toContain("makeError");
  }
});
