import { accessSync, constants, existsSync } from "node:fs";
import { join } from "node:path";

/** Gives the path of a program that can be run, or null. */
export function findOnPath(name: string): string | null {
  const folders = (process.env["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin").split(":");
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  // An exception for each folder that has no such file would cost more than all the rest here.
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
