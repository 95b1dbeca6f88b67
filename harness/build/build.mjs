#!/usr/bin/env node
// The build behind `npm run build`: dist/ by tsc, and the commands that an init container waits for as one file each. Loading some seventy
// modules one by one costs more than twice what such a command does with them.
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { rolldown } from "rolldown";

const root = resolve(import.meta.dirname, "../..");
/** Commands that must start fast. */
const FAST_COMMANDS = ["apply", "clean", "generate"];
/** Stays a module of its own: the command line tells landfall's errors by their class. */
const SHARED = /\/errors\.js$/;

const out = resolve(root, process.argv[2] ?? "dist");
rmSync(out, { recursive: true, force: true });
execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", join(root, "tsconfig.build.json"), "--outDir", out], {
  stdio: "inherit",
});
for (const command of FAST_COMMANDS) await bundleCommand(join(out, "harness/cli", `${command}.js`));
chmodSync(join(out, "harness/cli/main.js"), 0o755);

/**
 * Puts everything a command's module imports into its file.
 * @param {string} file
 */
async function bundleCommand(file) {
  const bundle = await rolldown({ input: file, platform: "node", external: (id) => SHARED.test(id) });
  await bundle.write({ file, format: "esm" });
  await bundle.close();
  if (!readFileSync(file, "utf8").includes('from "../errors.js"')) {
    throw new Error(
      `${file} has a copy of errors.js: main.js, beside it in ${dirname(file)}, would not know its errors.`,
    );
  }
}
