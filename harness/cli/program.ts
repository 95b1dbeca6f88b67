import { readWorkingDirectory } from "../sandbox/working-directory.ts";
import { type CommandIo, printTo } from "./command.ts";
import { runCommandLine } from "./command-line.ts";
import { describeUnreadInput } from "./input/unread-input.ts";
import { disposeOfSandboxes, isInterrupted } from "./interruption.ts";
import { endOnUncaught } from "./uncaught.ts";

/**
 * Runs the words behind the program's name in this process, as its command line, and sets its exit code: `runProgram(["map"])`. Whatever
 * fails is told; it never rejects.
 */
export async function runProgram(words: readonly string[]): Promise<void> {
  endOnUncaught(disposeOfSandboxes);
  tellFailedOutput();
  const io = processIo(isInterrupted);
  process.exitCode = await runCommandLine(words, io);
  const notice = await describeUnreadInput(words[0]);
  if (notice !== null) io.err(notice);
}

/**
 * A reader that has gone (`| head -1`) has had what it wanted: the run ends as it would have. Data that cannot be written for another
 * reason is lost, which must not look like a landing. The first failure tells why; those of later writes only follow from it.
 */
function tellFailedOutput(): void {
  process.stdout.once("error", ({ code, message }: NodeJS.ErrnoException) => {
    if (code === "EPIPE") return;
    process.stderr.write(
      `landfall: cannot write to standard output (${message}); free some space, or redirect it elsewhere.\n`,
    );
    process.once("exit", () => {
      process.exitCode = 3;
    });
  });
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
}

/** Gives the outside as this process has it; it falls silent where the process is being ended. */
function processIo(isEnding: () => boolean): CommandIo {
  const isTerminal = process.stdout.isTTY === true;
  const isDumb = process.env["TERM"] === "dumb";
  const print = (stream: NodeJS.WriteStream) => printTo((text) => isEnding() || stream.write(text));
  return {
    out: print(process.stdout),
    err: print(process.stderr),
    environment: process.env,
    workingDirectory: readWorkingDirectory().path,
    display: {
      columns: process.stdout.columns || Number(process.env["COLUMNS"]) || null,
      isTerminal,
      color: isTerminal && !isDumb && !process.env["NO_COLOR"],
      progress: process.stderr.isTTY && !isDumb ? "rewritten" : "appended",
    },
  };
}
