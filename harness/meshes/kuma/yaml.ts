import { codedFinding, type Finding, finding } from "../../model/finding.ts";
import { findNearNames } from "../../model/near-names.ts";
import type { MeshFile } from "../mesh.ts";
import { readYamlText } from "../yaml-text.ts";
import { KUMA_OPTIONS, type ValueShape } from "./options.ts";

/** The fields of a file, by setting, each as the texts that it stands for. */
export interface ReadYaml {
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly findings: readonly Finding[];
}

/** Options that can be fields: the file itself cannot name another file. */
const FIELDS = KUMA_OPTIONS.filter(({ setting }) => setting !== "config");

/**
 * Reads the tool's file of settings, YAML or JSON, and gives every finding. Names of fields may be in any case, as Go's
 * encoding/json takes them. Unlike the tool, which ignores a field that it does not know, it refuses one.
 *
 * @example
 * readYaml({ path: "tp.yaml", text: "redirect:\n  inbound:\n    excludePorts: [22, 80]" }).texts
 * // { "redirect.inbound.excludePorts" => ["22,80"] }
 */
export function readYaml(file: MeshFile): ReadYaml {
  const { path } = file;
  const texts = new Map<string, readonly string[]>();
  const findings: Finding[] = [];
  const read = readYamlText(file.text);
  if (!read.ok) findings.push(codedFinding("malformed-text", path, read.message));
  const value = read.ok ? read.value : null;
  const note = (field: string, message: string) => void findings.push(finding(path, `${field}: ${message}`));
  readFields("", value ?? {}, { texts, note });
  return { texts, findings };
}

/** What reading fields fills: the texts by setting, and what is wrong with a field. */
interface Reading {
  readonly texts: Map<string, readonly string[]>;
  readonly note: (field: string, message: string) => void;
}

function readFields(prefix: string, value: unknown, reading: Reading): void {
  const names = childrenOf(prefix);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    reading.note(prefix || "the file", `It must be a mapping with the fields ${names.join(", ")}.`);
    return;
  }
  for (const [key, given] of Object.entries(value)) {
    const name = names.find((each) => each.toLowerCase() === key.toLowerCase());
    const path = [...(prefix === "" ? [] : [prefix]), name ?? key].join(".");
    if (name === undefined) reading.note(path, describeUnknown(key, names));
    // A field without a value is one that is not given.
    else if (given !== null) readField(path, given, reading);
  }
}

function readField(path: string, given: unknown, reading: Reading): void {
  const option = FIELDS.find(({ setting }) => setting === path);
  if (!option) {
    readFields(path, given, reading);
    return;
  }
  const texts = TEXTS[option.shape](given);
  if (texts === null) reading.note(path, `It must be ${TAKES[option.shape]}.`);
  else reading.texts.set(path, texts);
}

function describeUnknown(key: string, names: readonly string[]): string {
  const near = findNearNames(key, names);
  return `There is no such field; ${near.length > 0 ? `did you mean ${near.join(" or ")}?` : `there are ${names.join(", ")}.`}`;
}

/** Gives the names of the fields right below a path, in the table's order. */
function childrenOf(prefix: string): readonly string[] {
  const start = prefix === "" ? "" : `${prefix}.`;
  const below = FIELDS.filter(({ setting }) => setting.startsWith(start)).map(({ setting }) =>
    setting.slice(start.length),
  );
  return [...new Set(below.map((rest) => rest.split(".")[0] ?? rest))];
}

const isPort = (value: unknown) => typeof value === "number" || typeof value === "string";

/** What each shape's value stands for; null where the tool refuses it. */
const TEXTS = {
  switch: (value) => (typeof value === "boolean" ? [`${value}`] : null),
  port: (value) => (typeof value === "number" ? [`${value}`] : null),
  ports: (value) => {
    const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
    return entries.every(isPort) ? [entries.join(",")] : null;
  },
  texts: (value) => (Array.isArray(value) && value.every((each) => typeof each === "string") ? value : null),
  text: (value) => (typeof value === "string" ? [value] : null),
  count: (value) => (typeof value === "number" ? [`${value}`] : null),
  executables: (value) => (typeof value === "object" ? [] : null),
} satisfies Record<ValueShape, (value: unknown) => readonly string[] | null>;

const TAKES = {
  switch: "true or false",
  port: "a port, without quotes",
  ports: "a port, or a list of ports",
  texts: "a list of texts",
  text: "a text; put quotes around a number",
  count: "a number",
  executables: "a mapping of programs",
} satisfies Record<ValueShape, string>;
