import { type CommandIo, printTo } from "../../../harness/cli/command.ts";
import { runCommandLine } from "../../../harness/cli/command-line.ts";

/** Runs one command line in this process, in a folder, with variables and for a display of its own; gives exit code and all it said. */
export async function runCommandIn(
  around: Partial<Pick<CommandIo, "workingDirectory" | "environment" | "display">>,
  ...words: readonly string[]
) {
  const said = { out: "", err: "" };
  const code = await runCommandLine(words, {
    out: printTo((text) => {
      said.out += text;
    }),
    err: printTo((text) => {
      said.err += text;
    }),
    environment: {},
    workingDirectory: process.cwd(),
    display: { columns: 100, isTerminal: false, color: false, progress: "appended" },
    ...around,
  });
  return { code, ...said };
}

/** Runs one command line in this process's own folder, without variables. */
export async function runCommand(...words: readonly string[]) {
  return runCommandIn({}, ...words);
}
