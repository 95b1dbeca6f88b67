import type { DefinedError, ErrorObject, ValidateFunction } from "ajv/dist/2020.js";
import schema from "../../schemas/contract.json" with { type: "json" };
import { loadAjv } from "../model/packages.ts";

/** A contract as its author writes it; the JSON Schema is `schemas/contract.json`. */
export interface ContractData {
  readonly version: 1;
  readonly proxies?: readonly ProxyData[];
  readonly listeners?: readonly ListenerData[];
  readonly hosts?: Readonly<Record<string, { readonly ip4: string; readonly ip6: string }>>;
  readonly resolvers?: readonly string[];
  readonly passThrough?: string;
  readonly clauses: readonly ClauseData[];
  readonly otherwise?: string;
}

/** A proxy as its author writes it: `{ name: "gate", owner: [{ uid: 1337 }], dials: "original" }`. */
export interface ProxyData {
  readonly name: string;
  readonly owner: readonly { readonly uid?: number; readonly gid?: number; readonly mark?: number }[];
  readonly dials?: string;
}

/**
 * A listener as its author writes it.
 *
 * @example
 * { name: "out", role: "outbound", proxy: "gate", port: 15001, mode: "redirect" }
 */
export interface ListenerData {
  readonly name: string;
  readonly role: "inbound" | "outbound" | "dns" | "tunnel" | "status" | "app";
  readonly proxy?: string;
  readonly protocols?: readonly ("tcp" | "udp")[];
  readonly port: number;
  readonly mode?: "redirect" | "transparent" | "plain";
  readonly host?: string;
  readonly address?: string;
  readonly toPod?: "like-others" | "as-loopback" | "from-pass-through";
}

/**
 * A clause as its author writes it.
 *
 * @example
 * { name: "own-traffic", says: "The proxy's own traffic passes.", flows: "uid=1337 -> elsewhere:*", must: "as-dialled" }
 */
export interface ClauseData {
  readonly name: string;
  readonly says: string;
  readonly flows: string | readonly string[];
  readonly except?: string | readonly string[];
  readonly must: string;
}

/** Where something stands in a contract: `["clauses", 2, "flows"]`. */
export type DataPath = readonly (string | number)[];

/** One thing that is wrong with a contract, and where. */
export interface DataFault {
  readonly path: DataPath;
  readonly message: string;
}

let compiled: ValidateFunction | null = null;

/** Compiling the schema takes longer than reading a contract, and most commands read none. */
function compileSchema(): ValidateFunction {
  const { Ajv2020 } = loadAjv();
  compiled ??= new Ajv2020({ allErrors: true, verbose: true }).compile(schema);
  return compiled;
}

/**
 * Gives everything about a value that is not a contract's shape (`schemas/contract.json`); nothing: it is a {@link ContractData}.
 *
 * @example
 * findShapeFaults({ version: 1, clauses: [] })   // [{ path: ["clauses"], message: "The list is empty; it needs at least one entry." }]
 */
export function findShapeFaults(value: unknown): readonly DataFault[] {
  const validate = compileSchema();
  if (validate(value)) return [];
  // The schema has no keywords of its own, so that Ajv reports only errors that its types define.
  const all = (validate.errors ?? []) as DefinedError[];
  const errors = all.filter(({ keyword }) => keyword !== "anyOf" && keyword !== "propertyNames");
  const faults = errors.map((error) => ({ path: pathOf(error, value), message: describe(error) }));
  return [...new Map(faults.map((fault) => [JSON.stringify(fault), fault])).values()];
}

function pathOf({ instancePath, keyword, params }: ErrorObject, value: unknown): DataPath {
  const keys = instancePath
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  let at: unknown = value;
  const path = keys.map((key) => {
    const step = Array.isArray(at) ? Number(key) : key;
    at = (at as Record<string | number, unknown>)[step];
    return step;
  });
  return keyword === "additionalProperties" ? [...path, String(params["additionalProperty"])] : path;
}

/** Says in a sentence what a rule of the schema asks for. */
function describe(error: DefinedError): string {
  const shown = JSON.stringify(error.data) ?? String(error.data);
  switch (error.keyword) {
    case "required":
      return `The required field "${error.params.missingProperty}" is missing.`;
    case "additionalProperties": {
      const known = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {});
      return `There is no field with this name; the fields here are ${known.join(", ")}.`;
    }
    case "enum":
      return `${shown} is not allowed here; use ${error.params.allowedValues.join(", ")}.`;
    case "const":
      return `${shown} is not allowed here; use ${JSON.stringify(error.params.allowedValue)}.`;
    case "pattern":
      return `${shown} is not a name; use lower-case words with dashes between them.`;
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return `${shown} is out of range: it must be ${error.params.comparison} ${error.params.limit}.`;
    case "minItems":
      return "The list is empty; it needs at least one entry.";
    case "minProperties":
      return "Nothing is given here; give at least one field.";
    case "minLength":
      return "The text is empty; write one sentence.";
    case "uniqueItems":
      return "The list contains a value twice; remove one.";
    case "type":
      return `${shown} is not allowed here; it must be ${error.params.type}.`;
    // `schemas/contract.json` uses none of these, or another finding says more. Ajv's own words say what each asks for.
    case "additionalItems":
    case "anyOf":
    case "contains":
    case "dependencies":
    case "dependentRequired":
    case "discriminator":
    case "false schema":
    case "format":
    case "if":
    case "items":
    case "maxItems":
    case "maxLength":
    case "maxProperties":
    case "multipleOf":
    case "not":
    case "oneOf":
    case "propertyNames":
    case "unevaluatedItems":
    case "unevaluatedProperties":
      return `${shown} ${error.message ?? `breaks the rule ${error.keyword}`}.`;
  }
}
