#!/usr/bin/env node
// The set-up behind `npm start` and `npm test`. It has to run where nothing is installed yet: Node 20, no node_modules, no engine.
// `--tests` also sees to the programs that only tests start.
// Whatever stands already costs a look at it; a machine that is set up passes through in well under a second.
import { ensureBaseImage } from "./base-image.mjs";
import { ensureBrowser, ensureTools, installFor } from "./debian.mjs";
import { ensureEngine } from "./engine.mjs";
import { ensureNodeModules } from "./node-modules.mjs";
import { SetupError, say } from "./say.mjs";

/** Brings the machine to where landfall runs, step by step; each step looks first and says what it does. */
async function setUp() {
  if (process.platform !== "linux") {
    throw new SetupError(
      `landfall needs a Linux kernel, and this is ${process.platform}. Run it in a Linux machine, virtual or real.`,
    );
  }
  ensureNodeModules();
  await ensureEngine();
  ensureTools();
  if (process.argv.includes("--tests")) {
    installFor("tests");
    ensureBrowser();
  }
  await ensureBaseImage();
}

try {
  await setUp();
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exitCode = 3;
}
