import type { YAMLError } from "yaml";
import { codedFinding, type Finding, type Parsed } from "../model/finding.ts";
import { loadYaml } from "../model/packages.ts";
import { readYamlValue } from "../model/yaml-value.ts";
import { type ContractData, type DataFault, type DataPath, findShapeFaults } from "./contract-data.ts";
import { findReferenceFaults } from "./contract-references.ts";

/** Levels of aliases that YAML may nest: enough for people, not for a text that grows without end. */
const ALIASES_AT_MOST = 100;

/**
 * Reads a contract from YAML (JSON is YAML too). Gives every finding with its line and column: what YAML refuses, fields that are missing,
 * unknown or of the wrong kind, and names that nothing has. `where` names the file in findings.
 *
 * @example
 * parseContractText("version: 1\nclauses: [{ name: all, says: All is captured., flows: 'app -> elsewhere:*', must: dropped }]", "c.yaml")
 */
export function parseContractText(text: string, where: string): Parsed<ContractData> {
  const { isNode, LineCounter, parseDocument } = loadYaml();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const at = (offset: number | undefined) => {
    const place = offset === undefined ? null : lines.linePos(offset);
    return [place?.line ?? null, place?.col ?? null] as const;
  };
  if (document.errors.length > 0)
    return { ok: false, findings: document.errors.map((each) => refuse(each, where, at)) };
  const offsetOf = (path: DataPath): number | undefined => {
    for (let length = path.length; length >= 0; length--) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return undefined;
  };
  const value: unknown = readValue(() => readYamlValue(document, { maxAliasCount: ALIASES_AT_MOST }));
  if (value instanceof Error)
    return { ok: false, findings: [codedFinding("malformed-text", where, `${value.message}.`)] };
  const findings = findFaults(value).map(({ path, message }) => {
    const [line, column] = at(offsetOf(path));
    return codedFinding("wrong-shape", where, nameField(path) + message, line, column);
  });
  return findings.length > 0 ? { ok: false, findings } : { ok: true, value: value as ContractData };
}

/**
 * Reads a contract that a module exports. Every finding has the code `wrong-shape` and names the field, `clauses[2].flows`, since there is
 * no line to name.
 */
export function readContractData(value: unknown, where: string): Parsed<ContractData> {
  const findings = findFaults(value).map(({ path, message }) =>
    codedFinding("wrong-shape", where, nameField(path) + message),
  );
  return findings.length > 0 ? { ok: false, findings } : { ok: true, value: value as ContractData };
}

function findFaults(value: unknown): readonly DataFault[] {
  const shape = findShapeFaults(value);
  return shape.length > 0 ? shape : findReferenceFaults(value as ContractData);
}

function readValue(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function refuse(
  error: YAMLError,
  where: string,
  at: (offset: number) => readonly [line: number | null, column: number | null],
): Finding {
  return codedFinding("malformed-text", where, `This is not YAML: ${error.message}`, ...at(error.pos[0]));
}

/** `clauses[2].flows: `; nothing for the whole. */
function nameField(path: DataPath): string {
  const name = path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`),
    "",
  );
  return name === "" ? "" : `${name}: `;
}
