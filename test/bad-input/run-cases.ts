import { runCommandIn } from "../unit/cli/run-command.ts";

/** One command line, with the folder it runs in and the variables that it sees. */
export interface AsideCase {
  readonly folder: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** What came of one. */
export type AsideEnding = Awaited<ReturnType<typeof runCommandIn>>;

/**
 * A program that runs the command lines which its argument holds as JSON (`AsideCase[]`), one after the other, and prints the ending of
 * each as a line of JSON. Whatever one of them waits for holds this process up, and nothing else.
 */
for (const { folder, args, environment } of JSON.parse(process.argv[2] ?? "[]") as readonly AsideCase[]) {
  const ending: AsideEnding = await runCommandIn({ workingDirectory: folder, environment }, ...args);
  process.stdout.write(`${JSON.stringify(ending)}\n`);
}
