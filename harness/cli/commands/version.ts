import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { renderJson } from "../../report/json.ts";

/** Gives the text of `landfall --version`: `landfall 0.1.0`, or the same as data. */
export function renderVersion(output: "text" | "json"): string {
  const { version } = JSON.parse(readFileSync(findPackageJSON(import.meta.url) ?? "", "utf8"));
  return output === "json" ? renderJson({ version }) : `landfall ${version}\n`;
}
