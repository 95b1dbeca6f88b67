import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { whyForbidden } from "./permission.mjs";
import { SetupError, say } from "./say.mjs";

/** Programs that the set-up or the netns backend start, and the Debian package of each. */
const PACKAGES = {
  iptables: "iptables",
  ip: "iproute2",
  newuidmap: "uidmap",
  dockerd: "docker.io",
  debootstrap: "debootstrap",
};

/** @typedef {keyof typeof PACKAGES} Tool */

let listsAreFresh = false;

/**
 * Installs the tools of the netns backend where they are missing. Where that is not allowed it only says so: containers need none of them.
 */
export function ensureTools() {
  const missing = missingTools(["iptables", "ip", "newuidmap"]);
  if (missing.length === 0) return;
  const forbidden = whyNoInstall();
  if (forbidden === null) installTools(missing);
  else say(`the netns backend lacks ${missing.join(", ")} (${forbidden}); to have it: ${installCommand(missing)}`);
}

/**
 * Installs Debian packages for tools, after one `apt-get update`; throws a SetupError where it is not allowed or fails.
 * @param {readonly Tool[]} tools
 */
export function installTools(tools) {
  const command = installCommand(tools);
  const forbidden = whyNoInstall();
  if (forbidden !== null) throw new SetupError(`${tools.join(", ")} is missing and ${forbidden}. Run: ${command}`);
  say(`${tools.join(", ")} is missing; installing ${tools.map((tool) => PACKAGES[tool]).join(", ")} (apt-get)`);
  if (!listsAreFresh) runApt(["update", "-qq"], command);
  listsAreFresh = true;
  runApt(["install", "-y", "-qq", "--no-install-recommends", ...packagesFor(tools)], command);
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
  throw new SetupError(`apt-get ${args[0]} failed:\n  ${came}\nMend that, or run by hand: ${command}`);
}

/**
 * Gives those of the tools that no folder of the PATH holds; the system's own folders count too, as they do for root.
 * @template {string} T
 * @param {readonly T[]} tools
 * @returns {readonly T[]}
 */
export function missingTools(tools) {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  return tools.filter((tool) => !folders.some((folder) => isExecutable(join(folder, tool))));
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
  if (missingTools(["apt-get"]).length > 0) return "this system has no apt-get to install it with";
  return null;
}

/** @param {readonly Tool[]} tools */
function installCommand(tools) {
  return `sudo apt-get install ${packagesFor(tools).join(" ")}`;
}

/**
 * debootstrap checks signatures with Debian's keys, which Ubuntu has in a package of its own.
 * @param {readonly Tool[]} tools
 */
function packagesFor(tools) {
  return tools.flatMap((tool) =>
    tool === "debootstrap" ? [PACKAGES[tool], "debian-archive-keyring"] : [PACKAGES[tool]],
  );
}
