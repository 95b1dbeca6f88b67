import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** Gives landfall's version from its own package.json: `0.1.0`. */
export function readVersion(): string {
  return JSON.parse(readFileSync(findPackageJSON(import.meta.url) ?? "", "utf8")).version;
}
