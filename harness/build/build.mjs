#!/usr/bin/env node
// The build behind `npm run build`: dist/ by tsc, and what must start fast as one file each. Loading some seventy modules one by one costs
// more than twice what such a command does with them.
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { rolldown } from "rolldown";
import { compileAhead } from "./compile-ahead.mjs";

const root = resolve(import.meta.dirname, "../..");
/** What must start fast: the command line, and the commands that an init container waits for. */
const FAST = ["command-line", "apply", "clean", "generate"];
/** Says whether a module is landfall's `errors.js`, which stays a module of its own: the command line tells errors by their class. */
const isShared = (/** @type {string} */ id, /** @type {string | undefined} */ importer) =>
  /\/errors\.js$/.test(id) && ![id, importer ?? ""].some((path) => path.includes("/node_modules/"));
/**
 * Takes Node's own modules as they are. Imported as ES modules each of their exports is evaluated, which loads half of Node: streams, fetch,
 * timers, none of them used.
 */
const BUILTINS_AS_THEY_ARE = {
  name: "builtins-as-they-are",
  resolveId: (/** @type {string} */ id, /** @type {string | undefined} */ importer) =>
    id.startsWith("node:") && !importer?.startsWith("\0") ? `\0${id}` : null,
  load: (/** @type {string} */ id) =>
    id.startsWith("\0node:") ? `module.exports = process.getBuiltinModule(${JSON.stringify(id.slice(1))});` : null,
};

/** Leaves alone what is loaded only when it is asked for, as the command line loads its commands. */
const LATER_IMPORTS_STAY = {
  name: "later-imports-stay",
  /** @param {string} id @param {string | undefined} _importer @param {{ kind: string }} options */
  resolveId: (id, _importer, { kind }) => (kind === "dynamic-import" ? { id, external: true } : null),
};

const out = resolve(root, process.argv[2] ?? "dist");
rmSync(out, { recursive: true, force: true });
execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", join(root, "tsconfig.build.json"), "--outDir", out], {
  stdio: "inherit",
});
for (const name of FAST) await bundle(join(out, "harness/cli", `${name}.js`));
chmodSync(join(out, "harness/cli/main.js"), 0o755);

/**
 * Puts everything that a module imports into its file; what it imports only when it needs it stays where it is.
 * @param {string} file
 */
async function bundle(file) {
  const made = await rolldown({
    input: file,
    platform: "node",
    external: isShared,
    plugins: [LATER_IMPORTS_STAY, BUILTINS_AS_THEY_ARE, { name: "compile-ahead", renderChunk: compileAhead }],
  });
  await made.write({ file, format: "esm", comments: false });
  await made.close();
  if (!readFileSync(file, "utf8").includes('from "../errors.js"')) {
    throw new Error(
      `${file} has a copy of errors.js: main.js, beside it in ${dirname(file)}, would not know its errors.`,
    );
  }
}
