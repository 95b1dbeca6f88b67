import { createRequire } from "node:module";

/** What loads packages takes as long to make as a small one to load, and most commands load none. */
function load(name: string): unknown {
  return createRequire(import.meta.url)(name);
}

/**
 * Gives the package that reads YAML, loaded when it is first asked for: few runs read any, and its 72 modules take a tenth of a second.
 *
 * @example
 * const { parseDocument } = loadYaml();
 */
export function loadYaml(): typeof import("yaml") {
  return load("yaml") as typeof import("yaml");
}

/**
 * Gives the package that checks data against a JSON Schema, loaded when it is first asked for: few runs check any, and it has 83 modules.
 *
 * @example
 * new (loadAjv().Ajv2020)().compile(schema)
 */
export function loadAjv(): typeof import("ajv/dist/2020.js") {
  return load("ajv/dist/2020.js") as typeof import("ajv/dist/2020.js");
}

/** Gives the function that measures texts in cells of a terminal, loaded when it is first asked for: that takes some 30 ms. */
export function loadStringWidth(): typeof import("string-width").default {
  return (load("string-width") as typeof import("string-width")).default;
}
