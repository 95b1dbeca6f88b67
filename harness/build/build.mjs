#!/usr/bin/env node
// The build behind `npm run build`: dist/ by tsc, and what must start fast as one file each. Loading some seventy modules one by one costs
// more than twice what such a command does with them.
import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { rolldown } from "rolldown";
import { compileAhead } from "./compile-ahead.mjs";

const root = resolve(import.meta.dirname, "../..");
/** What must start fast: the command line, the commands that an init container waits for, and those that people run dozens of times. */
const FAST = [
  "command-line",
  ...["apply", "clean", "generate", "explain", "map", "prove", "diff"].map((command) => `commands/${command}`),
];
/**
 * Says whether a module is one of landfall's that stay modules of their own, since a process may have only one of each: `errors.js`, by
 * whose class the command line tells errors, and `interruption.js`, which knows the sandboxes to remove when a signal comes.
 */
const isShared = (/** @type {string} */ id, /** @type {string | undefined} */ importer) =>
  /\/(errors|interruption)\.js$/.test(id) && ![id, importer ?? ""].some((path) => path.includes("/node_modules/"));
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

/**
 * Leaves alone what is loaded only when it is asked for, as the command line loads its commands. The bundle may stand in another folder
 * than the module that asks, so the path is written as the bundle sees it.
 * @param {string} file
 */
const laterImportsStay = (file) => ({
  name: "later-imports-stay",
  /** @param {string} id @param {string | undefined} importer @param {{ kind: string }} options */
  resolveId: (id, importer, { kind }) => {
    if (kind !== "dynamic-import") return null;
    if (!id.startsWith(".") || importer === undefined) return { id, external: true };
    const path = relative(dirname(file), resolve(dirname(importer), id));
    return { id: path.startsWith(".") ? path : `./${path}`, external: true };
  },
});

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
    plugins: [laterImportsStay(file), BUILTINS_AS_THEY_ARE, { name: "compile-ahead", renderChunk: compileAhead }],
  });
  await made.write({ file, format: "esm", comments: false });
  await made.close();
  if (!/from "(?:\.\.\/)+errors\.js"/.test(readFileSync(file, "utf8"))) {
    throw new Error(`${file} has a copy of errors.js: main.js would not know its errors.`);
  }
  if (/\bconst openInterruptibleSandbox\b|function openInterruptibleSandbox\b/.test(readFileSync(file, "utf8"))) {
    throw new Error(`${file} has a copy of interruption.js: main.js would not know its sandboxes.`);
  }
}
