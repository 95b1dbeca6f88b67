import { main } from "../../../harness/cli/main.ts";

/** Runs one command line in this process, and gives its exit code and all it said. */
export async function runCommand(...words: readonly string[]) {
  const said = { out: "", err: "" };
  const code = await main(words, {
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
