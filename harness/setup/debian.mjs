import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { whyForbidden } from "./permission.mjs";
import { PROGRAMS } from "./programs.mjs";
import { SetupError, say } from "./say.mjs";

/** @typedef {import("./programs.mjs").Need} Need */

let listsAreFresh = false;

/**
 * Installs the programs of the netns backend where they are missing. Where that is not allowed it only says so: containers need none of
 * them.
 */
export function ensureTools() {
  const missing = missingFor("netns");
  if (missing.length === 0) return;
  const forbidden = whyNoInstall();
  if (forbidden === null) installFor("netns");
  else
    say(`the netns backend lacks ${describeMissing(missing)} (${forbidden}); to have it: ${installCommand(missing)}`);
}

/**
 * Installs the browser of the tests where it is missing. Ubuntu has no package of it that holds a browser: there its tests are left out,
 * which is said.
 */
export function ensureBrowser() {
  const missing = missingFor("browser");
  if (missing.length === 0) return;
  const isKnown = () => packagesOf(missing).every(isKnownToApt);
  if (!isKnown() && whyNoInstall() === null) updateLists(installCommand(missing));
  if (isKnown()) installFor("browser");
  else say(`no package here has ${describeMissing(missing)}; the tests of the HTML report in a browser are left out`);
}

/**
 * Installs the Debian packages of the programs that something needs and that are missing, after one `apt-get update`. Throws a SetupError
 * where that is not allowed, where it fails, and where a program is still missing afterwards.
 * @param {Need} need
 */
export function installFor(need) {
  const missing = missingFor(need);
  if (missing.length === 0) return;
  const command = installCommand(missing);
  const forbidden = whyNoInstall();
  if (forbidden !== null)
    throw new SetupError(`missing: ${describeMissing(missing)}, and ${forbidden}. Run: ${command}`);
  say(`missing: ${describeMissing(missing)}; installing (${command})`);
  updateLists(command);
  runApt(["install", "-y", "-qq", "--no-install-recommends", ...debianPackagesOf(missing)], command);
  const still = missingFor(need);
  if (still.length > 0)
    throw new SetupError(
      `still missing after "${command}": ${describeMissing(still)}. Put what is missing into the PATH.`,
    );
}

/**
 * Runs `apt-get update` once.
 * @param {string} command what a person would type instead
 */
function updateLists(command) {
  if (!listsAreFresh) runApt(["update", "-qq"], command);
  listsAreFresh = true;
}

/**
 * @param {readonly string[]} args
 * @param {string} command what a person would type instead
 */
function runApt(args, command) {
  const { status, error, stdout, stderr } = spawnSync("apt-get", ["-o", "DPkg::Lock::Timeout=300", ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  if (status === 0) return;
  const came = error?.message ?? `${stdout}${stderr}`.trim().split("\n").slice(-8).join("\n  ");
  throw new SetupError(`apt-get ${args[0]} failed:\n  ${came}\nFix this, or run by hand: ${command}`);
}

/**
 * Gives the programs that something needs and that no folder of the PATH holds, by name.
 * @param {Need} need
 * @returns {readonly string[]}
 */
function missingFor(need) {
  return PROGRAMS.filter((program) => program.need === need && findProgram(program.name) === null).map(
    ({ name }) => name,
  );
}

/**
 * Gives the file that a program's name stands for, or null. The system's own folders are looked through too, as they are for root.
 * @param {string} name
 * @param {string} path folders, as PATH lists them
 * @returns {string | null}
 */
export function findProgram(name, path = process.env["PATH"] ?? "") {
  const folders = [...path.split(delimiter), "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

/**
 * Names missing programs in a few words: a package that lacks many of its programs is named in their place.
 * @param {readonly string[]} names
 */
function describeMissing(names) {
  const words = packagesOf(names).flatMap((name) => {
    const own = names.filter((each) => PROGRAMS.some((one) => one.name === each && one.package === name));
    return own.length > 2 ? [`${own[0]} and ${own.length - 1} programs more`] : own;
  });
  return words.join(", ");
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Says why nothing may be installed here, as a clause; null where it may. */
function whyNoInstall() {
  const forbidden = whyForbidden();
  if (forbidden !== null) return forbidden;
  if (process.getuid?.() !== 0) return "only root may install it";
  if (findProgram("apt-get") === null) return "this system has no apt-get to install it with";
  return null;
}

/** @param {readonly string[]} names */
function installCommand(names) {
  return `sudo apt-get install ${debianPackagesOf(names).join(" ")}`;
}

/**
 * Gives the listed packages of programs, each once.
 * @param {readonly string[]} names
 */
function packagesOf(names) {
  return [...new Set(PROGRAMS.filter(({ name }) => names.includes(name)).map((program) => program.package))];
}

/**
 * Gives what apt-get is to install. debootstrap checks signatures with Debian's keys, which Ubuntu has in a package of its own.
 * @param {readonly string[]} names
 */
function debianPackagesOf(names) {
  const packages = packagesOf(names).map(
    (listed) => listed.split("|").find(isKnownToApt) ?? listed.split("|").at(-1) ?? "",
  );
  return packages.flatMap((name) => (name === "debootstrap" ? [name, "debian-archive-keyring"] : [name]));
}

/**
 * Says whether this system can install a package.
 * @param {string} name of the package
 */
export function isKnownToApt(name) {
  return spawnSync("apt-cache", ["show", name], { stdio: "ignore" }).status === 0;
}
