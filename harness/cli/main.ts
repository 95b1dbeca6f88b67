#!/usr/bin/env node
import nodeModule from "node:module";
import { join } from "node:path";

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
  const { runProgram } = await import("./program.ts");
  await runProgram(process.argv.slice(2));
}
