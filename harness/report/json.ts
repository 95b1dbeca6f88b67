import type { Report } from "../model/report.ts";

/** Gives the report as JSON, format 1 (`schemas/report.json`), ending in a line break. */
export function renderJson(report: Report): string {
  return JSON.stringify(report, null, 2) + "\n";
}
