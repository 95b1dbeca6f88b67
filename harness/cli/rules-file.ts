import { parseIptablesSave } from "../formats/iptables-save.ts";
import type { Family } from "../model/address.ts";
import type { Finding } from "../model/finding.ts";
import { listRules, type Ruleset } from "../model/ruleset.ts";
import type { CommandIo } from "./command.ts";
import { readInput } from "./input-file.ts";

/**
 * Reads a file of rules as iptables-save prints them, a pipe too (`--rules <(iptables-save)`); a byte order mark is passed over. What is
 * wrong is added to the findings, and the result is null. Without a family its header tells; who passes none takes `--family`. A pipe can
 * be read only once.
 */
export function readRulesFile(
  path: string,
  family: Family | null,
  io: Pick<CommandIo, "workingDirectory" | "err">,
  findings: Finding[],
): Ruleset | null {
  const text = readInput(path, io, findings);
  if (text === null) return null;
  const familyRemedy = "give --family 4 or --family 6";
  const parsed = parseIptablesSave(text, { where: path, ...(family === null ? { familyRemedy } : { family }) });
  if (parsed.ok) {
    tellMissingRules(path, text, parsed.value, io);
    return parsed.value;
  }
  findings.push(...parsed.findings);
  return null;
}

/** iptables-nft-save lists its own tables alone; where the kernel has others it warns of them (`nft_check_xt_legacy` in iptables/nft.c). */
function tellMissingRules(path: string, text: string, ruleset: Ruleset, { err }: Pick<CommandIo, "err">): void {
  const [, others] = /^# Warning: (ip6?tables-legacy) tables present/m.exec(text) ?? [];
  const said = [
    ...(listRules(ruleset).length === 0 ? ["has no rule"] : []),
    ...(others ? [`warns of tables of ${others}, which are not in it; ${others}-save prints them`] : []),
  ];
  if (said.length > 0) err(`landfall: ${path} ${said.join(", and ")}.\n`);
}
