import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describeError } from "../errors.ts";
import { type Finding, finding, type Parsed } from "../model/finding.ts";
import { describeReadFailure } from "../model/read-failure.ts";
import { findModulePlace, type ModulePlace } from "./module-fault.ts";

/** A module may wait for something when it is loaded; one that waits for ever is told, not waited for. */
export const LOAD_DEADLINE_MS = 10_000;

/**
 * Gives what a module file exports by default, or why it cannot be loaded. `freshness` is put behind its address, so that a file that has
 * changed is loaded again. A file that has not finished loading after `deadlineMs` cannot be loaded either.
 */
export async function loadModuleFile(
  file: string,
  freshness = "",
  deadlineMs = LOAD_DEADLINE_MS,
): Promise<Parsed<unknown>> {
  try {
    accessSync(resolve(file), constants.R_OK);
  } catch (error) {
    return { ok: false, findings: [finding(file, describeReadFailure(error))] };
  }
  const address = `${pathToFileURL(resolve(file)).href}${freshness === "" ? "" : `?${freshness}`}`;
  try {
    return { ok: true, value: ((await importWithin(address, deadlineMs)) as { readonly default?: unknown }).default };
  } catch (error) {
    return { ok: false, findings: [describeLoadFailure(file, error, await findModulePlace(error, resolve(file)))] };
  }
}

/** The timer also keeps Node from ending, with exit code 13, where nothing but the module is waited for. */
async function importWithin(address: string, deadlineMs: number): Promise<unknown> {
  const late = Promise.withResolvers<never>();
  const message = `it has not finished loading after ${deadlineMs / 1000} s; an await at its top never ends`;
  const timer = setTimeout(() => late.reject(new Error(message)), deadlineMs);
  try {
    return await Promise.race([import(address), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function describeLoadFailure(file: string, error: unknown, place: ModulePlace | null): Finding {
  const detail = describeError(error);
  const isHere = place !== null && place.file === resolve(file);
  const elsewhere = place === null || isHere ? "" : `${place.file}:${place.line}:${place.column}: `;
  const message = `The file cannot be loaded: ${elsewhere}${detail.split("\n")[0]}.${adviseOnPackage(detail)}`;
  return isHere ? finding(file, message, place.line, place.column) : finding(file, message);
}

/** Says what to do where it is landfall itself that a file imports and Node does not find. */
function adviseOnPackage(detail: string): string {
  if (/Cannot find package 'landfall'/.test(detail))
    return " Install landfall in the project the file stands in: npm pack in a checkout of landfall makes landfall-VERSION.tgz; then, in the project, npm install --save-dev PATH/landfall-VERSION.tgz.";
  if (/Cannot find module '[^']*\/dist\/harness\/(?:vitest\/)?index\.js'/.test(detail))
    return " This checkout of landfall is not built: npm run build there, or use npm run -s landfall -- in place of landfall.";
  return "";
}
