#!/usr/bin/env node
import nodeModule from "node:module";
import { join } from "node:path";
import { readWorkingDirectory } from "../sandbox/working-directory.ts";
import { type CommandIo, printTo } from "./command.ts";

/** The program: everything else is loaded only once it is known that this Node can run it. */
const OLDEST_NODE_MAJOR = 24;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE_MAJOR) {
  const remedy = `landfall: landfall needs Node ${OLDEST_NODE_MAJOR} or later, and this is Node ${process.versions.node}.\n`;
  process.stderr.write(remedy + "Install one, or run it with: npx -p node@24 landfall\n");
  process.exitCode = 3;
} else {
  // Half of a cold start is compiling. What Node has compiled is kept beside the code, not in the machine's temporary folder; where it
  // cannot be written, Node goes without (NODE_DISABLE_COMPILE_CACHE=1 forbids it).
  nodeModule.enableCompileCache(join(import.meta.dirname, "../../node_modules/.cache/landfall"));
  const { findOwnModulesAtOnce } = await import("./own-modules.ts");
  findOwnModulesAtOnce(import.meta.url);
  const { runCommandLine } = await import("./command-line.ts");
  const { disposeOfSandboxes, isInterrupted } = await import("./interruption.ts");
  const { endOnUncaught } = await import("./uncaught.ts");
  endOnUncaught(disposeOfSandboxes);
  tellFailedOutput();
  const words = process.argv.slice(2);
  const io = processIo(isInterrupted);
  process.exitCode = await runCommandLine(words, io);
  const { describeUnreadInput } = await import("./input/unread-input.ts");
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
