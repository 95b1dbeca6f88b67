import { accessSync, constants, statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describeError } from "../errors.ts";
import { codedFinding, type Finding, type Parsed } from "../model/finding.ts";
import { describeReadFailure } from "../model/read-failure.ts";
import { findModulePlace } from "./module-fault.ts";
import { TEXT_BYTES_AT_MOST } from "./text-file.ts";

/**
 * Gives what a module file exports by default, or why it cannot be loaded. The module runs in this process: only files that come with
 * landfall, and files in a process of their own, are loaded so.
 */
export async function importModuleFile(file: string): Promise<Parsed<unknown>> {
  const unreadable = findUnreadable(file);
  if (unreadable !== null) return { ok: false, findings: [unreadable] };
  try {
    const module = (await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown };
    return { ok: true, value: module.default };
  } catch (error) {
    return { ok: false, findings: [await explainLoadFailure(file, error)] };
  }
}

/** Gives the finding about a file that is not there, may not be read or is no plain file; null where it can be loaded. */
export function findUnreadable(file: string): Finding | null {
  try {
    accessSync(resolve(file), constants.R_OK);
    const stat = statSync(resolve(file));
    if (stat.isDirectory()) return codedFinding("unreadable", file, describeReadFailure({ code: "EISDIR" }));
    if (!stat.isFile())
      return codedFinding("unreadable", file, "This is a pipe or a device; a module must be a regular file.");
    if (stat.size > TEXT_BYTES_AT_MOST)
      return codedFinding("unreadable", file, `It holds more than ${TEXT_BYTES_AT_MOST / 2 ** 20} MiB.`);
    return null;
  } catch (error) {
    return codedFinding("unreadable", file, describeReadFailure(error));
  }
}

/** Gives the finding about what a module has thrown, with the place in it where that is known. */
export async function explainLoadFailure(file: string, error: unknown): Promise<Finding> {
  const place = await findModulePlace(error, resolve(file));
  const detail = describeError(error);
  const isHere = place !== null && place.file === resolve(file);
  const elsewhere = place === null || isHere ? "" : `${place.file}:${place.line}:${place.column}: `;
  const message = `The file cannot be loaded: ${elsewhere}${detail.split("\n")[0]}.${adviseOnPackage(detail)}`;
  return isHere
    ? codedFinding("unusable-module", file, message, place.line, place.column)
    : codedFinding("unusable-module", file, message);
}

/** Says what to do where it is landfall itself that a file imports and Node does not find. */
function adviseOnPackage(detail: string): string {
  if (/Cannot find package 'landfall'/.test(detail))
    return " Install landfall in the project that contains the file: run npm pack in a checkout of landfall to create landfall-VERSION.tgz, then in the project npm install --save-dev PATH/landfall-VERSION.tgz.";
  if (/Cannot find module '[^']*\/dist\/harness\/(?:vitest\/)?index\.js'/.test(detail))
    return " This checkout of landfall is not built: run npm run build in it, or use npm run -s landfall -- instead of landfall.";
  return "";
}
