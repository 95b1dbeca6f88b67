import { codedFinding, type Finding } from "../model/finding.ts";
import { isRecord } from "../model/records.ts";
import type { ManifestPath, PodManifest } from "./manifest-pod.ts";

/** Fields of a manifest as they are read; what is not of the form that Kubernetes has it in is noted, and read as if it were not there. */
export interface Fields {
  readonly findings: Finding[];
  refuse(path: ManifestPath, message: string): void;
  record(value: unknown, path: ManifestPath): Readonly<Record<string, unknown>>;
  list(value: unknown, path: ManifestPath): readonly unknown[];
  text(value: unknown, path: ManifestPath): string;
  texts(value: unknown, path: ManifestPath): readonly string[];
  map(value: unknown, path: ManifestPath): ReadonlyMap<string, string>;
}

/** Gives what reads the fields of one file, with no findings yet. */
export function makeFields(file: string, lineOf: PodManifest["lineOf"]): Fields {
  const findings: Finding[] = [];
  const refuse = (path: ManifestPath, message: string): void =>
    void findings.push(codedFinding("malformed-text", file, `${namePath(path)}: ${message}`, lineOf(path)));
  const isMissing = (value: unknown) => value === undefined || value === null;
  const fields: Fields = {
    findings,
    refuse,
    record: (value, path) => {
      if (isRecord(value)) return value;
      if (!isMissing(value)) refuse(path, "It must be a mapping.");
      return {};
    },
    list: (value, path) => {
      if (Array.isArray(value)) return value;
      if (!isMissing(value)) refuse(path, "It must be a list.");
      return [];
    },
    text: (value, path) => {
      if (typeof value === "string") return value;
      if (!isMissing(value)) refuse(path, "It must be a text; put it between quotation marks.");
      return "";
    },
    texts: (value, path) => fields.list(value, path).map((each, i) => fields.text(each, [...path, i])),
    map: (value, path) => {
      const entries = Object.entries(fields.record(value, path));
      return new Map(entries.map(([name, text]) => [name, fields.text(text, [...path, name])]));
    },
  };
  return fields;
}

/** Gives a place as people write it: `spec.initContainers[0].args`. */
export function namePath(path: ManifestPath): string {
  const isPlain = (key: string) => /^\w+$/.test(key);
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    if (!isPlain(key)) return `${text}["${key}"]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}
