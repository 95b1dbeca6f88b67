import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

const folder = new URL("../../../schemas/", import.meta.url);
const ajv = new Ajv2020({
  allErrors: true,
  strict: true,
  allowUnionTypes: true,
  strictTypes: false,
  strictRequired: false,
});

/** The names of all schemas. */
export const SCHEMA_NAMES: readonly string[] = readdirSync(folder).map((file) => file.replace(/\.json$/, ""));
for (const name of SCHEMA_NAMES) ajv.addSchema(JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8")));

/** Gives a schema's validator. */
export function findSchema(name: string): ValidateFunction {
  const validate = ajv.getSchema(`${name}.json`);
  if (!validate) throw new Error(`there is no schema ${name}`);
  return validate;
}

/** Gives what a schema has against a value, each as the place and the keyword. */
export function complainBySchema(name: string, value: unknown): readonly string[] {
  const validate = findSchema(name);
  validate(value);
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.keyword}`);
}
