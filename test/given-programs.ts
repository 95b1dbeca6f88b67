import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { findProgram } from "../harness/setup/debian.mjs";
import { PROGRAMS } from "../harness/setup/programs.mjs";

const ROOT = resolve(import.meta.dirname, "..");
const OWN_PROGRAMS = join(ROOT, "node_modules/.bin");
/** What comes with Node; `node` itself stands in `node_modules`. */
const NODE_PROGRAMS = ["npm", "npx"];
const SYSTEM_FOLDERS = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/**
 * Gives the PATH that tests run with: the programs of `node_modules`, and one folder with links to npm, to the programs that the set-up
 * installs, and to those of Debian's essential packages, which every Debian and Ubuntu has. A test that starts any other program fails,
 * whatever this machine has. Where there is no dpkg to ask, it gives the PATH as it is.
 *
 * @param listed names of the programs that the set-up installs
 * @param withheld names of programs of the base system that are left out
 * @param path the PATH to find the listed programs in
 */
export function givenPath(
  listed = PROGRAMS.map(({ name }) => name),
  withheld: readonly string[] = [],
  path = process.env["PATH"] ?? "",
): string {
  if (findProgram("dpkg-query") === null) return path;
  const elsewhere = path.split(":").filter((folder) => resolve(folder) !== OWN_PROGRAMS);
  const given = new Map(listEssentialPrograms());
  for (const name of [...NODE_PROGRAMS, ...listed]) {
    const file = findProgram(name, elsewhere.join(":"));
    if (file !== null) given.set(name, file);
  }
  for (const name of withheld) given.delete(name);
  return [OWN_PROGRAMS, linkAll([...given])].join(":");
}

/** Gives name and file of each program in the system's folders that an essential package has brought, under whatever link. */
function listEssentialPrograms(): readonly (readonly [string, string])[] {
  // The fields are dpkg-query's own, not JavaScript's.
  const format = ["Essential", "Priority", "db:Status-Status", "binary:Package"]
    .map((field) => `$\{${field}}`)
    .join(" ");
  const ask = (...words: readonly string[]) => execFileSync("dpkg-query", words, { encoding: "utf8" }).split("\n");
  const packages = ask("--show", `--showformat=${format}\\n`)
    .map((line) => line.split(" "))
    .filter(
      ([essential, priority, status]) => (essential === "yes" || priority === "required") && status === "installed",
    )
    .map(([, , , name]) => name ?? "");
  const owned = new Set(
    ask("--listfiles", ...packages)
      .filter((file) => /^\/(?:usr\/)?s?bin\/./.test(file))
      .map(findReal),
  );
  return SYSTEM_FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .map((name) => [name, join(folder, name)] as const)
      .filter(([, file]) => owned.has(findReal(file))),
  );
}

/** Gives the path without links; as it is where it leads nowhere. */
function findReal(file: string): string {
  try {
    return realpathSync(file);
  } catch {
    return file;
  }
}

/** Makes a folder with these links that every user may enter, wherever the checkout lies. It goes when this process ends. */
function linkAll(links: readonly (readonly [string, string])[]): string {
  const folder = mkdtempSync(join(tmpdir(), "landfall-programs-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  chmodSync(folder, 0o755);
  for (const [name, file] of links) symlinkSync(file, join(folder, name));
  return folder;
}
