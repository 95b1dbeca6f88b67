import { parseIptablesSave } from "../formats/iptables-save.ts";
import type { Family } from "../model/address.ts";
import type { Finding } from "../model/finding.ts";
import type { Ruleset } from "../model/ruleset.ts";
import type { CommandIo } from "./command.ts";
import { readInput } from "./input-file.ts";

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
  const text = readInput(path, io, findings);
  if (text === null) return null;
  const parsed = parseIptablesSave(text, { where: path, ...(family === null ? {} : { family }) });
  if (parsed.ok) return parsed.value;
  findings.push(...parsed.findings);
  return null;
}
