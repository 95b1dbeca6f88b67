import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { runCommand } from "./run-command.ts";

const { out: script } = await runCommand("completion", "bash");

/** Gives what bash offers behind these words, the last one begun; `landfall` is a function that lists two scenarios. */
function complete(...words: readonly string[]): readonly string[] {
  const program = `landfall() { printf 'seed  claim\\nuid-1337-no-loop  claim\\n'; }
${script}
COMP_WORDS=(${["landfall", ...words].map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _landfall
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", program], { encoding: "utf8", cwd: "/proc/self/attr" }).trim().split("\n");
}

describe("shell completion", () => {
  test.each([
    ["a command's name", ["ver"], ["verify"]],
    ["an option of the command, and of no other", ["verify", "--min"], ["--min-coverage"]],
    ["no option of another command", ["doctor", "--min"], [""]],
    ["the names of scenarios", ["verify", "uid"], ["uid-1337-no-loop"]],
  ])("gives %s", (_, words, expected) => {
    expect(complete(...words)).toEqual(expected);
  });

  test.each(["bash", "zsh", "fish"])("for %s names every command", async (shell) => {
    const { code, out } = await runCommand("completion", shell, "--json");
    const { script: text } = JSON.parse(out) as { readonly script: string };
    expect(code).toBe(0);
    for (const command of ["verify", "generate", "merge", "completion"]) expect(text).toContain(command);
  });

  test("is refused for a shell nobody knows", async () => {
    expect((await runCommand("completion", "tcsh")).code).toBe(2);
  });
});
