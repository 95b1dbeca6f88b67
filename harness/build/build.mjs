#!/usr/bin/env node
// The build behind `npm run build`: dist/ by tsc, and what must start fast as one file each. Loading some seventy modules one by one costs
// more than twice what such a command does with them.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { rolldown } from "rolldown";
import { compileAhead } from "./compile-ahead.mjs";
import { writePlainLetters } from "./plain-letters.mjs";
import { findUsedFunctions } from "./used-functions.mjs";

const root = resolve(import.meta.dirname, "../..");
/** What must start fast: the command line, the commands that an init container waits for, and those that people run dozens of times. */
const FAST = [
  "program",
  ...["apply", "clean", "generate", "explain", "map", "prove", "diff"].map((command) => `commands/${command}`),
];
/**
 * Says whether a module is one of landfall's that stay modules of their own, since a process may have only one of each: `errors.js`, by
 * whose class the command line tells errors, and `interruption.js`, which knows the sandboxes to remove when a signal comes.
 */
const isShared = (/** @type {string} */ id, /** @type {string | undefined} */ importer) =>
  /\/(errors|interruption)\.js$/.test(id) && ![id, importer ?? ""].some((path) => path.includes("/node_modules/"));
/** Node's own modules that load many others, and that most commands import without calling anything of them. */
const LOADED_AT_A_CALL = ["node:child_process", "node:crypto"];
/**
 * Takes Node's own modules as they are. Imported as ES modules each of their exports is evaluated, which loads half of Node: streams, fetch,
 * timers, none of them used.
 */
const BUILTINS_AS_THEY_ARE = {
  name: "builtins-as-they-are",
  resolveId: (/** @type {string} */ id, /** @type {string | undefined} */ importer) =>
    id.startsWith("node:") && !importer?.startsWith("\0") ? `\0${id}` : null,
  load: (/** @type {string} */ id) => {
    if (!id.startsWith("\0node:")) return null;
    const name = id.slice(1);
    const whole = `process.getBuiltinModule(${JSON.stringify(name)})`;
    if (!LOADED_AT_A_CALL.includes(name)) return `module.exports = ${whole};`;
    return listFunctions(name)
      .map((called) => `export const ${called} = (...args) => ${whole}.${called}(...args);\n`)
      .join("");
  },
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

/**
 * Gives the names of a module's functions that are called as they are: classes, which have names in capitals, are not.
 * @param {string} name
 */
function listFunctions(name) {
  return Object.entries(process.getBuiltinModule(name) ?? {}).flatMap(([key, value]) =>
    typeof value === "function" && /^[a-z]\w*$/.test(key) ? [key] : [],
  );
}

const out = resolve(root, process.argv[2] ?? "dist");
rmSync(out, { recursive: true, force: true });
execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", join(root, "tsconfig.build.json"), "--outDir", out], {
  stdio: "inherit",
});
const files = FAST.map((name) => join(out, "harness/cli", `${name}.js`));
// All are made before one is written: a command that imports another one would have all that the other has twice.
const bundles = await Promise.all(files.map(bundle));
for (const [i, file] of files.entries()) writeFileSync(file, bundles[i] ?? "");
await compileUsedAhead(files);
chmodSync(join(out, "harness/cli/main.js"), 0o755);

/**
 * Gives a module with everything that it imports; what it imports only when it needs it stays where it is.
 * @param {string} file
 */
async function bundle(file) {
  const made = await rolldown({
    input: file,
    platform: "node",
    external: isShared,
    plugins: [laterImportsStay(file), BUILTINS_AS_THEY_ARE],
  });
  const { output } = await made.generate({ file, format: "esm", comments: false });
  await made.close();
  const code = writePlainLetters(output[0].code);
  if (!/from "(?:\.\.\/)+errors\.js"/.test(code)) {
    throw new Error(`${file} has a copy of errors.js: main.js would not know its errors.`);
  }
  if (/\bconst openInterruptibleSandbox\b|function openInterruptibleSandbox\b/.test(code)) {
    throw new Error(`${file} has a copy of interruption.js: main.js would not know its sandboxes.`);
  }
  return code;
}

/**
 * Compiles ahead, in each file, what usual calls of the commands call; all functions of a file where its command cannot run here.
 * @param {readonly string[]} files
 */
async function compileUsedAhead(files) {
  /** @type {{ SEED_WORDS: readonly string[] }} */
  const { SEED_WORDS: seed } = await import(join(out, "harness/meshes/istio-1.4/seed.js"));
  const folder = mkdtempSync(join(out, "rules-"));
  const main = join(out, "harness/cli/main.js");
  const [before, after] = [seed, seed.slice(0, -2)].map((words, i) => {
    const file = join(folder, `${i}.txt`);
    writeFileSync(file, execFileSync(process.execPath, [main, "generate", ...words, "--format", "save"]));
    return file;
  });
  const used = findUsedFunctions(main, {
    plain: [
      ["generate", ...seed],
      ["explain", "app -> upstream:80"],
      ["explain", "client -> pod:8080", "--rules", before ?? ""],
      ["map", "--rules", before ?? ""],
      ["prove", ...seed],
      ["diff", before ?? "", after ?? ""],
    ],
    // Who builds need not be root outside, and then the namespace knows of no other uid.
    inNamespace: [["apply", ...seed.with(seed.indexOf("1337"), "0")], ["clean"]],
  });
  rmSync(folder, { recursive: true });
  for (const file of files) {
    const code = readFileSync(file, "utf8");
    writeFileSync(file, compileAhead(code, used.get(realpathSync(file)) ?? null));
  }
}
