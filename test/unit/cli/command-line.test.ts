import { describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

describe("near names", () => {
  test("are suggested for an unknown command, which is reported once", async () => {
    expect(await runCommand("verfy")).toEqual({
      code: 2,
      out: "",
      err: "landfall: There is no such command.\n  verfy: Did you mean verify?\n",
    });
  });
  test.each([
    ["a mistyped option", "--jbs", "did you mean --jobs?"],
    ["one that was begun", "--sand", "did you mean --sandbox?"],
    ["a mistyped flag of the generator", "--envoy-prot", "did you mean --envoy-port?"],
    ["nothing", "--frobnicate", "--help lists the options."],
  ])("are suggested for an unknown option: %s", async (_, word, hint) => {
    const { err } = await runCommand("verify", word);
    expect(err).toContain(`\n  ${word}: There is no such option; ${hint}\n`);
  });
});
