import { runCommandLine } from "../../../harness/cli/command-line.ts";

/** Runs one command line in this process, and gives its exit code and all it said. */
export async function runCommand(...words: readonly string[]) {
  const said = { out: "", err: "" };
  const code = await runCommandLine(words, {
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    environment: {},
    workingDirectory: process.cwd(),
    display: { columns: 100, isTerminal: false, color: false },
  });
  return { code, ...said };
}
