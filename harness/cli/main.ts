#!/usr/bin/env node
import nodeModule from "node:module";
import { join } from "node:path";
import type { CommandIo } from "./command.ts";

/** The program: everything else is loaded only once it is known that this Node can run it. */
const OLDEST_NODE_MAJOR = 24;

if (Number.parseInt(process.versions.node, 10) < OLDEST_NODE_MAJOR) {
  const remedy = `landfall: this is Node ${process.versions.node}, and Node ${OLDEST_NODE_MAJOR} or later is needed.\n`;
  process.stderr.write(remedy + "Install one, or run it with: npx -p node@24 landfall\n");
  process.exitCode = 3;
} else {
  // Half of a cold start is compiling. What Node has compiled is kept beside the code, not in the machine's temporary folder; where it
  // cannot be written, Node goes without (NODE_DISABLE_COMPILE_CACHE=1 forbids it).
  nodeModule.enableCompileCache(join(import.meta.dirname, "../../node_modules/.cache/landfall"));
  const { runCommandLine } = await import("./command-line.ts");
  process.exitCode = await runCommandLine(process.argv.slice(2), processIo());
}

/** Gives the outside as this process has it. */
function processIo(): CommandIo {
  const isTerminal = process.stdout.isTTY === true;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    environment: process.env,
    workingDirectory: process.cwd(),
    display: {
      columns: process.stdout.columns || Number(process.env["COLUMNS"]) || 100,
      isTerminal,
      color: isTerminal && !process.env["NO_COLOR"],
    },
  };
}
