import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { whyForbidden } from "./permission.mjs";
import { SetupError, say } from "./say.mjs";

/** The checkout. */
const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");

/**
 * Runs `npm ci` unless node_modules holds what the lock file says: Node 24 (the npm package `node`) comes with it. Where nothing may be
 * installed it says what to do instead.
 * @param {string} root the checkout
 * @param {Readonly<Record<string, string | undefined>>} environment
 */
export function ensureNodeModules(root = ROOT, environment = process.env) {
  const why = findMismatch(root);
  if (why === null) return;
  const forbidden = whyForbidden(environment);
  if (forbidden !== null) throw new SetupError(`${why}, and ${forbidden}. Install it with: npm ci`);
  say(`${why}; installing the packages of package-lock.json (npm ci)`);
  // npm warns of every package that wants a newer Node than the one that runs it; those run with the Node that npm brings here.
  const { status, error, stdout, stderr } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  const still = status === 0 ? findMismatch(root) : `npm ci ended with ${error?.message ?? `exit code ${status}`}`;
  if (still === null) return;
  const said = `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n").slice(-20).join("\n  ");
  throw new SetupError(`${still}:\n  ${said}\nFix this, and start again.`);
}

/**
 * Says how node_modules differs from the lock file, or null where it does not. npm writes `.package-lock.json` last, so a copy that was
 * broken off has none; a folder that was lost later is seen by its missing package.json.
 * @param {string} root the checkout
 * @returns {string | null}
 */
export function findMismatch(root) {
  const wanted = packagesOf(join(root, "package-lock.json"));
  const present = packagesOf(join(root, "node_modules/.package-lock.json"));
  if (wanted === null) throw new SetupError(`${root} has no readable package-lock.json. Restore the checkout.`);
  if (present === null) return "node_modules is missing or incomplete";
  for (const [path, { version, optional }] of Object.entries(wanted)) {
    if (path === "" || (optional && !present[path])) continue;
    if (present[path]?.version !== version || !existsSync(join(root, path, "package.json")))
      return `${path} is not at version ${version}`;
  }
  return hasNode(root) ? null : "node_modules holds no Node";
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | null}
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return null;
  }
}

/**
 * Says whether the Node of the npm package is there; its binary is put in place by an install script, which may have been broken off.
 * @param {string} root
 */
function hasNode(root) {
  const binary = statSync(join(root, "node_modules/.bin/node"), { throwIfNoEntry: false });
  return binary !== undefined && binary.size > 0;
}
