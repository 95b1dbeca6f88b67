import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { codedFinding, type Finding } from "../model/finding.ts";

/** Findings about one report that are listed; one mistake in how it was made gives thousands. */
const FINDINGS_AT_MOST = 10;

/**
 * Gives what the published schema (`schemas/report.json`) has against a value that should be a report of `landfall verify --json`; nothing
 * where it is one. Each finding is a `malformed-text` and names the place in the data: `/scenarios/0/flows/3/observed`. At most 10 are
 * listed, and one more says how many there are. Throws an Error where the package lacks its own schemas.
 */
export function checkReport(value: unknown, file: string): readonly Finding[] {
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  for (const schema of readSchemas()) ajv.addSchema(schema);
  const validate = ajv.getSchema("report.json");
  if (!validate) throw new Error("the schema of reports is not there");
  if (validate(value)) return [];
  const errors = (validate.errors ?? []).filter(({ keyword }) => !["if", "anyOf", "oneOf"].includes(keyword));
  const told = (errors.length > 0 ? errors : (validate.errors ?? [])).map((error) =>
    codedFinding("malformed-text", file, describe(error)),
  );
  const rest = told.length - FINDINGS_AT_MOST;
  if (rest <= 0) return told;
  return [
    ...told.slice(0, FINDINGS_AT_MOST),
    codedFinding("malformed-text", file, `There are ${rest} more findings of this kind in the file.`),
  ];
}

/** The schemas stand beside the source, and beside `dist` in the package. */
function readSchemas(): readonly object[] {
  const folders = ["../../schemas", "../../../schemas"].map((folder) => resolve(import.meta.dirname, folder));
  const folder = folders.find((each) => existsSync(join(each, "report.json"))) ?? "";
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as object);
}

function describe({ instancePath, keyword, message = "", params }: ErrorObject): string {
  const place = instancePath === "" ? "the whole" : instancePath;
  if (keyword === "required")
    return `${place}: the field ${params["missingProperty"]} is missing; this is not a complete report of landfall verify --json.`;
  const allowed = Array.isArray(params["allowedValues"]) ? `: ${params["allowedValues"].join(", ")}` : "";
  return `${place} ${message}${allowed}.`;
}
