import { LandfallError } from "../../errors.ts";
import type { FamilyRules } from "../../formats/interpreter.ts";
import type { TimedSets } from "../../formats/nft/ast.ts";
import { type RulesText, readRulesText } from "../../formats/rules-text.ts";
import { FAMILIES, type Family } from "../../model/address.ts";
import type { Finding } from "../../model/finding.ts";
import type { GivenRules } from "../../model/given-rules.ts";
import { TABLE_NAMES, type TableName } from "../../model/iptables-tables.ts";
import { emptyRuleset, familyKey, listRules, type Ruleset } from "../../model/ruleset.ts";
import type { OptionSpec, ParsedOptions } from "../arguments/options.ts";
import type { CommandIo } from "../command.ts";
import { makeProgress } from "../output/progress.ts";
import { findShared, findUndoing } from "./files-together.ts";
import { nameNear, readInput, resolveInput } from "./input-file.ts";
import { readNames } from "./names.ts";

/** The option that names the table of `iptables -S` output. */
export const TABLE_OPTION: OptionSpec = {
  name: "table",
  value: "NAME",
  choices: TABLE_NAMES,
  help: "the table of iptables -S output, if its chains and targets do not show it",
};

/** Gives the options that name files of rules, for a command that does `what` with them: `rules to analyse`. */
export function makeRulesOptions(what: string, other: string): readonly OptionSpec[] {
  return [
    {
      name: "rules",
      value: "FILE",
      repeatable: true,
      help: `${what}: output of iptables-save, iptables -S, nft list ruleset or nft -j, input for iptables-restore or nft -f, or iptables commands; - reads standard input`,
    },
    { name: "rules6", value: "FILE", repeatable: true, help: `the same for IPv6; ${other}` },
    TABLE_OPTION,
  ];
}

/** A file of rules, and the family of those lines in it that do not say theirs. */
export interface RulesSource {
  readonly path: string;
  readonly family: Family;
}

/** Rules that were read from files, and those files' texts as a sandbox can load them to see that they were read well. */
export interface ReadRules extends FamilyRules {
  readonly given: readonly GivenRules[];
}

/** Gives the files that a command line names, in their order within each option. */
export function listRulesSources({ values }: Pick<ParsedOptions, "values">): readonly RulesSource[] {
  const named = (option: string, family: Family) => (values.get(option) ?? []).map((path) => ({ path, family }));
  return [...named("rules", 4), ...named("rules6", 6)];
}

/** Gives the files that a command line names, with absolute paths; a finding for each that cannot be read. Reads none of them. */
export function readRulesPaths(
  options: Pick<ParsedOptions, "values">,
  io: Pick<CommandIo, "workingDirectory">,
  findings: Finding[],
): readonly RulesSource[] {
  return listRulesSources(options).map(({ path, family }) => {
    if (path === "-") return { path, family };
    return { path: resolveInput(family === 4 ? "--rules" : "--rules6", path, io, findings), family };
  });
}

/** How files of rules are read where they leave something open. */
export interface RulesReading {
  /** The table of output of `iptables -S`. */
  readonly table: TableName | null;
  readonly timedSets: TimedSets;
}

/** Gives what the options say of how files of rules are read. */
export function readReading(options: Pick<ParsedOptions, "values">): RulesReading {
  const given = options.values.get("table")?.at(-1);
  return { table: TABLE_NAMES.find((table) => table === given) ?? null, timedSets: readTimedSets(options) };
}

/** Gives what counts as in sets whose elements expire, as `--timed-sets` says. */
export function readTimedSets({ values }: Pick<ParsedOptions, "values">): TimedSets {
  return values.get("timed-sets")?.at(-1) === "as-listed" ? "as-listed" : "unknown";
}

/**
 * Reads files of rules in any form ({@link readRulesText}), pipes too (`--rules <(iptables-save)`, `-`); a byte order mark is passed
 * over. A family that no file has lines of is null; a file without any rule is its family without rules. What is wrong is added to the
 * findings, and so is a table that two files have. Throws `environment` where nothing is wrong but a text says that there are rules it
 * does not show, or has some that landfall does not follow.
 */
export function readRulesFiles(
  sources: readonly RulesSource[],
  reading: RulesReading,
  io: Pick<CommandIo, "workingDirectory" | "err" | "display">,
  findings: Finding[],
): ReadRules {
  const hidden: Finding[] = [];
  const given: GivenRules[] = [];
  let [ip, ip6]: (Ruleset | null)[] = [null, null];
  for (const source of sources) {
    const read = readSource(source, { reading, earlier: [ip ?? null, ip6 ?? null] }, io, findings);
    if (read === null) continue;
    hidden.push(...read.hidden);
    if (read.given) given.push(read.given);
    ip = merge(ip ?? null, nameFile(read.ip, source, io), source, findings);
    ip6 = merge(ip6 ?? null, nameFile(read.ip6, source, io), source, findings);
  }
  if (hidden.length > 0 && findings.length === 0) {
    const message = "Not every rule is known, so no answer would be complete; nothing was done.";
    throw new LandfallError("environment", message, { findings: hidden });
  }
  return { ip: ip ?? null, ip6: ip6 ?? null, given };
}

function readSource(
  { path, family }: RulesSource,
  { reading, earlier }: { readonly reading: RulesReading; readonly earlier: readonly (Ruleset | null)[] },
  io: Pick<CommandIo, "workingDirectory" | "err" | "display">,
  findings: Finding[],
): RulesText | null {
  const text = readInput(path, io, findings);
  if (text === null) return null;
  const where = path === "-" ? "standard input" : path;
  const parsed = tellReading(where, io, (onProgress) =>
    readRulesText(text, { where, family, ...reading, names: readNames(), ...(onProgress ? { onProgress } : {}) }),
  );
  if (!parsed.ok) {
    for (const found of parsed.findings) findings.push(found);
    return null;
  }
  findings.push(...findUndoing(text, earlier, where));
  const { value } = parsed;
  const isEmpty = FAMILIES.every((one) => listRules(value[familyKey(one)]).length === 0);
  if (isEmpty) io.err(`landfall: ${where} has no rules.\n`);
  for (const notice of value.notices) io.err(`landfall: ${where}: ${notice}.\n`);
  return (value.ip ?? value.ip6) ? value : { ...value, [familyKey(value.family)]: emptyRuleset(value.family) };
}

/** Tells on a terminal how far the reading of a large file has come. */
function tellReading<T>(
  where: string,
  { err, display }: Pick<CommandIo, "err" | "display">,
  read: (onProgress: ((done: number, of: number) => void) | null) => T,
): T {
  if (display.progress !== "rewritten") return read(null);
  using progress = makeProgress({ err, display }, () => performance.now());
  return read((done, of) => progress.note(done, of, `lines of ${where} read`));
}

/** Lines of standard input cannot be looked up. */
function nameFile(
  ruleset: Ruleset | null,
  { path }: RulesSource,
  io: Pick<CommandIo, "workingDirectory">,
): Ruleset | null {
  if (ruleset === null || path === "-") return ruleset;
  const file = nameNear(path, io);
  return { ...ruleset, tables: ruleset.tables.map((table) => ({ ...table, file })) };
}

/** Tables of one family may come from several files, each from one. */
function merge(
  known: Ruleset | null,
  added: Ruleset | null,
  { path }: RulesSource,
  findings: Finding[],
): Ruleset | null {
  if (known === null || added === null) return known ?? added;
  findings.push(...findShared(known, added, path));
  return { family: known.family, tables: [...known.tables, ...added.tables] };
}
