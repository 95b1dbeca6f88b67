import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { parseIptablesSave } from "../formats/iptables-save.ts";
import type { Family } from "../model/address.ts";
import { type Finding, finding } from "../model/finding.ts";
import type { Ruleset } from "../model/ruleset.ts";
import type { CommandIo } from "./command.ts";

/** What a person does about the failures that are theirs; the others are told as Node does. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOENT: "There is no such file.",
  ENOTDIR: "There is no such file: a part of the path is no directory.",
  EISDIR: "This is a directory; name a file in it.",
  EACCES: "Permission denied: this user may not read it.",
  EPERM: "Permission denied: this user may not read it.",
};

/**
 * Reads a file of rules as iptables-save prints them, a pipe too (`--rules <(iptables-save)`); a byte order mark is passed over. What is
 * wrong is added to the findings, and the result is null. Without a family its header tells. A pipe can be read only once.
 */
export function readRulesFile(
  path: string,
  family: Family | null,
  io: Pick<CommandIo, "workingDirectory">,
  findings: Finding[],
): Ruleset | null {
  const text = readText(path, io, findings);
  if (text === null) return null;
  const parsed = parseIptablesSave(text, { where: path, ...(family === null ? {} : { family }) });
  if (parsed.ok) return parsed.value;
  findings.push(...parsed.findings);
  return null;
}

function readText(path: string, io: Pick<CommandIo, "workingDirectory">, findings: Finding[]): string | null {
  try {
    return readFileSync(resolve(io.workingDirectory, path), "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    findings.push(finding(path, describeReadFailure(error)));
    return null;
  }
}

/** Says why a file or pipe cannot be read, without reading it; null where it can: `This is a directory; name a file in it.` */
export function findReadFault(path: string): string | null {
  try {
    accessSync(path, constants.R_OK);
    return statSync(path).isDirectory() ? (CAUSES["EISDIR"] ?? null) : null;
  } catch (error) {
    return describeReadFailure(error);
  }
}

function describeReadFailure(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  return CAUSES[code] ?? `The file cannot be read: ${message}.`;
}
