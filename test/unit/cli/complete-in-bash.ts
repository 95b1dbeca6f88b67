import { execFileSync } from "node:child_process";
import { runCommand } from "./run-command.ts";

const { out: script } = await runCommand("completion", "bash");

/** Gives what bash offers behind these words, the last one begun, in a folder; `before` is run ahead. No `landfall` can be asked. */
export function completeInBash(folder: string, words: readonly string[], before = ""): readonly string[] {
  const program = `${before}\n${script}
COMP_WORDS=(${["landfall", ...words].map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _landfall
printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", program], { encoding: "utf8", cwd: folder }).trim().split("\n");
}
