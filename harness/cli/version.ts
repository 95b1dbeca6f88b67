import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** Gives the text of `landfall --version`: `landfall 0.1.0`, or the same as data. */
export function renderVersion(output: "text" | "json"): string {
  const { version } = JSON.parse(readFileSync(findPackageJSON(import.meta.url) ?? "", "utf8"));
  return output === "json"
    ? `${JSON.stringify({ formatVersion: "1.0", version }, null, 2)}\n`
    : `landfall ${version}\n`;
}
