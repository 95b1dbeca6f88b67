import { describe, expect, test } from "vitest";
import { COMMANDS } from "../../../harness/cli/commands.ts";

describe("the program's help says that every command takes --json, and", () => {
  test.each(Object.keys(COMMANDS))("%s does", async (name) => {
    const { help } = (await COMMANDS[name]?.load()) ?? {};
    const options = help?.options.flatMap((section) => section.options) ?? [];
    expect(options.filter((option) => option.name === "json")).toHaveLength(1);
  });
});
