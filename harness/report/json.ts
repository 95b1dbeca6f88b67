/**
 * Gives data for other programs as JSON, format 1 (`schemas/`), ending in a line break: `{ "formatVersion": "1.0", … }`. Every command's
 * `--json` prints this; format 1 only ever gains fields.
 *
 * @example
 * renderJson({ mutants: 3 })   // '{\n  "formatVersion": "1.0",\n  "mutants": 3\n}\n'
 */
export function renderJson(data: object): string {
  return `${JSON.stringify({ formatVersion: "1.0", ...data }, null, 2)}\n`;
}
