import { type Change, diffRulesets, isKnown } from "../../analysis/diff.ts";
import type { FamilyRules } from "../../formats/interpreter.ts";
import { readNft } from "../../formats/nft/read-nft.ts";
import { translateRuleset } from "../../formats/nft/translate.ts";
import { renderNftText } from "../../formats/nft/write-nft.ts";
import { FAMILIES, type Family } from "../../model/address.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { emptyRuleset, familyKey, type Ruleset } from "../../model/ruleset.ts";
import { renderJson } from "../../report/json.ts";
import { readCaptureWords } from "../arguments/capture-options.ts";
import type { OptionSpec } from "../arguments/options.ts";
import { analysedProtocols, nameProtocols, WITHIN_OPTION, withinData } from "../arguments/restriction.ts";
import type { Command, CommandIo } from "../command.ts";
import { makeComparison } from "../diff/input.ts";
import { renderDiffData, renderDiffText } from "../diff/text.ts";
import { BUDGET_OPTION } from "../input/analysis-input.ts";
import { readNames } from "../input/names.ts";
import { type RulesReading, readReading, readRulesFiles, TABLE_OPTION } from "../input/rules-file.ts";
import { refuse } from "../refusal.ts";
import type { CommandHelp } from "./help.ts";

const SPECS: readonly OptionSpec[] = [
  {
    name: "family",
    value: "4|6",
    choices: ["4", "6"],
    help: "the family of rules whose text does not say it (default 4)",
  },
  TABLE_OPTION,
  BUDGET_OPTION,
  WITHIN_OPTION,
  {
    name: "json",
    value: null,
    help: "prints JSON: the rules as text, and the rules that the note names; if no equal rules can be written, what diff --json prints",
  },
];

const HELP: CommandHelp = {
  usage: ["landfall translate FILE[,FILE] [MESH OPTION…] [OPTION…]"],
  about: [
    "Prints rules of iptables as rules of nftables, once diff has shown that no TCP flow lands elsewhere, and no UDP flow or ping where rules concern them. The files hold rules in any form of iptables that --rules takes, such as v4.rules,v6.rules. Each table becomes one of nftables, with its own name, chains and priorities.",
    "If no equal rules can be written, it prints only a flow that shows why. Packets that belong to no socket, such as resets from the kernel, match `! --uid-owner` in iptables, but no comparison of owners in nftables; a note names the rules to which this applies.",
  ],
  options: [{ title: "Options", options: SPECS }],
  captureFlags: "mentioned",
  examples: [["landfall translate v4.rules,v6.rules > rules.nft", "both families' rules, for nft -f"]],
  exitCodes: {
    0: "printed",
    1: "no equal rules can be written; a flow shows it",
    2: "bad input",
    3: "it is not known whether the rules are equal",
  },
};

/** `landfall translate`: rules of iptables as rules of nftables that are proven equal. */
export const translate: Command = {
  help: HELP,
  async run(args, io) {
    const command = { specs: SPECS, withoutFlags: "injected", positionals: "own" } as const;
    const { options, line, findings } = readCaptureWords(args, command, io);
    if (line?.purpose === "usage") return { helpOn: line.named };
    const before = readRules(options.positionals, readReading(options), options.values.get("family")?.at(-1), io, [
      ...findings,
    ]);
    if (line === null) throw refuse(findings);
    const translations = FAMILIES.flatMap((family) => {
      const ruleset = before[familyKey(family)];
      return ruleset === null ? [] : [{ family, ...translateRuleset(ruleset) }];
    });
    const text = translations.map(({ tables }) => (tables.length === 0 ? "" : renderNftText(tables))).join("");
    const families = translations.map(({ family }) => family);
    const comparison = makeComparison(
      { before, after: readBack(text, families) },
      families,
      { capture: line.capture, options },
      io,
    );
    const changes = families.flatMap((family) => diffRulesets({ ...comparison, family }));
    const left = translations.flatMap((translation) => translation.left);
    const output = options.values.has("json") ? "json" : "text";
    if (left.length > 0 || changes.length > 0) return refuseUnequal({ left, changes, comparison, output }, io);
    const socketless = [...new Set(translations.flatMap((translation) => translation.socketless))];
    tellSocketless(socketless, io);
    const { within, protocols } = comparison.setting;
    const by = nameProtocols(analysedProtocols(within, protocols));
    const only = within ? `, compared only for the flows ${within.text.replace(/\s+/g, " ")}` : "";
    const rules = `# Translated by landfall${only}: no ${by} flow lands elsewhere\n${text.replaceAll(" packets 0 bytes 0", "")}`;
    io.out(output === "json" ? renderJson({ ...withinData(within), rules, socketless }) : rules);
    return 0;
  },
};

function readRules(
  paths: readonly string[],
  reading: RulesReading,
  family: string | undefined,
  io: CommandIo,
  findings: Finding[],
): FamilyRules {
  const [path, ...others] = paths;
  if (path === undefined || others.length > 0) {
    const message = "Name one file, or several joined by commas: landfall translate v4.rules,v6.rules.";
    throw refuse([...findings, codedFinding("missing-value", "translate", message)]);
  }
  const sources = path.split(",").map((one) => ({ path: one, family: family === "6" ? 6 : 4 }) as const);
  const rules = readRulesFiles(sources, reading, io, findings);
  const isNft = [rules.ip, rules.ip6].some((ruleset) => ruleset?.tables.some(({ source }) => source === "nft"));
  if (isNft)
    findings.push(codedFinding("conflict", path, "These are rules of nftables already; give rules of iptables."));
  if (findings.length > 0) throw refuse(findings);
  return rules;
}

/** What is compared is the text that is printed, as its reader has it. */
function readBack(text: string, families: readonly Family[]): FamilyRules {
  const read = text === "" ? null : readNft(text, { where: "the translation", names: readNames() });
  if (read !== null && !read.ok) throw refuse(read.findings);
  const of = (family: Family): Ruleset | null =>
    families.includes(family) ? (read?.value[familyKey(family)] ?? emptyRuleset(family)) : null;
  return { ip: of(4), ip6: of(6) };
}

interface Unequal {
  /** Rules for which nftables has no words. */
  readonly left: readonly string[];
  readonly changes: readonly Change[];
  readonly comparison: ReturnType<typeof makeComparison>;
  readonly output: "json" | "text";
}

function refuseUnequal({ left, changes, comparison, output }: Unequal, io: CommandIo): number {
  for (const rule of left) io.err(`landfall: not translated: ${rule}.\n`);
  const [known, unknown] = [changes.filter(isKnown), changes.filter((change) => !isKnown(change))];
  const result = { changes: known, unknown, observed: [], accepted: [], stale: [] };
  if (output === "json") io.out(renderDiffData(result, comparison));
  else io.out(renderDiffText(result, comparison, { display: io.display, show: "all" }));
  if (left.length > 0 && changes.length === 0)
    io.err("landfall: no flow shows that these rules do anything; take them out to translate the others.\n");
  return known.length === 0 && left.length === 0 ? 3 : 1;
}

function tellSocketless(rules: readonly string[], io: CommandIo): void {
  for (const rule of rules)
    io.err(`landfall: note: packets without a socket match this rule, and not its translation: ${rule}\n`);
}
