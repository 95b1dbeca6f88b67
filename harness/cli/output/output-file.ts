import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { LandfallError } from "../../errors.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { isInRemovedDirectory, REMOVED_DIRECTORY } from "../../sandbox/working-directory.ts";

/**
 * Finds what is known beforehand to keep a file from being written: no folder to hold it, a folder of its name, no right to write there,
 * or a folder in which nothing can be made. `path` is absolute; a file that is there is not touched.
 */
export function findUnwritableFile(where: string, path: string): readonly Finding[] {
  if (isInRemovedDirectory(path)) return [codedFinding("unwritable", where, REMOVED_DIRECTORY)];
  if (!isFolder(dirname(path)))
    return [
      codedFinding(
        "unwritable",
        where,
        `The folder ${dirname(path)} does not exist, so ${path} cannot be written; create it, or name another file.`,
      ),
    ];
  if (isFolder(path)) return [codedFinding("unwritable", where, `${path} is a folder; name a file.`)];
  const fault = findFault(path);
  if (fault !== null)
    return [codedFinding("unwritable", where, `${path} cannot be written (${fault}); name another place.`)];
  if (isSpecial(path))
    return [
      codedFinding(
        "unwritable",
        where,
        `${path} is neither a file nor a terminal, so writing to it might block; name a file.`,
      ),
    ];
  return existsSync(path) ? findMissingRight(where, path) : findSterileFolder(where, dirname(path));
}

/**
 * Finds what is known beforehand to keep a folder from being made, with those above it, or from being written in: something else of its
 * name, no right, or nothing that can be made there. `path` is absolute.
 */
export function findUnwritableFolder(where: string, path: string): readonly Finding[] {
  if (isInRemovedDirectory(path)) return [codedFinding("unwritable", where, REMOVED_DIRECTORY)];
  const there = findNearest(path);
  if (!isFolder(there))
    return [codedFinding("unwritable", where, `${there} is not a folder; name an existing folder or a new one.`)];
  return findSterileFolder(where, there);
}

/** Rights do not tell of folders that hold nothing but what the system puts there, as /proc does: one is made and taken away again. */
function findSterileFolder(where: string, folder: string): readonly Finding[] {
  const missing = findMissingRight(where, folder);
  if (missing.length > 0) return missing;
  try {
    rmdirSync(mkdtempSync(join(folder, ".landfall-")));
    return [];
  } catch (error) {
    const message = `Nothing can be created in ${folder} (${(error as Error).message}); name another place.`;
    return [codedFinding("unwritable", where, message)];
  }
}

function findMissingRight(where: string, path: string): readonly Finding[] {
  try {
    accessSync(path, constants.W_OK);
    return [];
  } catch (error) {
    return [
      codedFinding(
        "unwritable",
        where,
        `You have no permission to write ${path} (${(error as Error).message}); name another place.`,
      ),
    ];
  }
}

/** Gives the path itself where something is there, else the nearest above it where something is. */
function findNearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : findNearest(dirname(path));
}

/** A pipe that nobody reads makes open(2) fail, where it would otherwise wait for ever (fifo(7)). */
const WRITE_OR_FAIL = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NONBLOCK;

/**
 * Writes a file that the user asked for, whole or not at all. Throws `environment` with its path, the system's words and what to do.
 */
export function writeOutput(path: string, text: string): void {
  attempt(path, () => {
    try {
      const file = isOwnStream(path) ? openSync(path, "w") : openSync(path, WRITE_OR_FAIL, 0o666);
      try {
        writeFileSync(file, text);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      removeOutput(path);
      throw error;
    }
  });
}

/** Removes a file that an earlier run has written; what is no plain file (`/dev/stdout`, a link), or may not be removed, stays. */
export function removeOutput(path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isFile()) return;
  try {
    rmSync(path);
  } catch {
    // A folder in which this user may only change the file: it will be written over.
  }
}

/** Makes a folder that the user asked for, and those above it. Throws as {@link writeOutput}. */
export function makeOutputFolder(path: string): void {
  attempt(path, () => makeFolders(path));
}

/**
 * Makes a folder and those above it, and gives the ones that were not there, the topmost first. Throws what the system says, or an Error
 * where the working directory has been removed. Node's own `recursive` never returns where the system denies that an existing folder is
 * there, as /proc does (Node 24).
 *
 * @example
 * makeFolders("out/a/b")   // ["out/a", "out/a/b"] if out is there
 */
export function makeFolders(path: string): readonly string[] {
  if (isFolder(path)) return [];
  if (isInRemovedDirectory(path)) throw new Error("the working directory has been removed");
  const above = makeFolders(dirname(path));
  mkdirSync(path);
  return [...above, path];
}

function attempt(path: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    const message = `${path} cannot be written (${(cause as Error).message}); free some space, change the permissions, or name another place.`;
    throw new LandfallError("environment", message, { cause });
  }
}

/** Gives what the system says against a path, other than that nothing is there: a name that is too long, links that go round. */
function findFault(path: string): string | null {
  try {
    statSync(path, { throwIfNoEntry: false });
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Pipes and sockets wait for a reader that may never come, and block devices hold what must not be written over. */
function isSpecial(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && (stat.isFIFO() || stat.isSocket() || stat.isBlockDevice()) && !isOwnStream(path);
}

/** `/dev/stdout` and the like are open already. */
function isOwnStream(path: string): boolean {
  return /^\/(?:dev\/(?:stdout|stderr|fd\/\d+)|proc\/self\/fd\/\d+)$/.test(path);
}

/** A path through what is no folder (`FILE/x`) is none either. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
