import { readFileSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import { LandfallError } from "../errors.ts";
import { toolOfFamily } from "../formats/tool-name.ts";
import { FAMILIES, type Family } from "../model/address.ts";
import { type Look, lookAtOnce, lookNow, type Question } from "./look.ts";
import { findOnPath } from "./on-path.ts";
import { hasOwnChains } from "./own-rules.ts";
import { runCommand } from "./process.ts";
import { isInUse, parseRulesState, type RulesState } from "./rules-state.ts";

/** The two kernel sides of iptables; their tables are separate, and both apply. */
export type Variant = "nft" | "legacy";

/** One variant's commands; a family is null where its commands are not there. */
export interface Toolset {
  readonly variant: Variant;
  readonly commands: Readonly<Record<Family, { readonly save: string; readonly restore: string } | null>>;
}

/** One variant's tables as they are. */
export interface InstalledRules {
  readonly toolset: Toolset;
  readonly families: Readonly<Record<Family, FamilyTables>>;
}

/** One family's tables, and the names of those that iptables has no words for; or why they cannot be read. */
export type FamilyTables =
  | { readonly text: string; readonly state: RulesState; readonly hidden: readonly string[] }
  | { readonly why: string };

/** What the nft variant prints, with status 0, for a table into which `nft` has put something that iptables has no words for. */
const INCOMPATIBLE = /^# Table `(\w+)' is incompatible/gm;
const REMEDY = "Install iptables, and give the capabilities NET_ADMIN and NET_RAW.";

/**
 * Reads the rules of the variants that are there: first the one that `iptables` in the PATH stands for, then the other one. Where there is
 * no iptables but nft, the one that is given has no commands. Listing legacy tables makes them, and so the other variant's are read only
 * where the kernel has some, or where it is the one that is `chosen`. Throws `environment` where iptables is there and cannot read its
 * rules, and where the chosen one is not there.
 */
export function readVariants(
  chosen: Variant | null,
  look: Look = lookNow,
): readonly [InstalledRules, ...InstalledRules[]] {
  const first = findToolset();
  const other = first.variant === "nft" ? "legacy" : "nft";
  const second = {
    variant: other,
    commands: { 4: findCommands(`iptables-${other}`), 6: findCommands(`ip6tables-${other}`) },
  } as const;
  if (chosen === other && second.commands[4] === null)
    throw new LandfallError("environment", `There is no iptables-${other}-restore in the PATH. ${REMEDY}`);
  const readsSecond = second.commands[4] !== null && (other === "nft" || chosen === other || hasLegacyTables());
  const main = readInstalledRules(first, look);
  const rules = main.families[4];
  if ("why" in rules && first.commands[4] !== null)
    throw new LandfallError("environment", `The rules cannot be read: ${rules.why}. ${REMEDY}`);
  return readsSecond ? [main, readInstalledRules(second)] : [main];
}

/**
 * Gives the variant that is chosen, else the one in use: the one with our chains, else the one with anybody's rules, else the one that
 * `iptables` stands for.
 */
export function selectVariant(
  variants: readonly [InstalledRules, ...InstalledRules[]],
  chosen: Variant | null,
): InstalledRules {
  const statesOf = (rules: InstalledRules) =>
    [rules.families[4], rules.families[6]].flatMap((f) => ("state" in f ? [f.state] : []));
  return (
    variants.find(({ toolset }) => toolset.variant === chosen) ??
    variants.find((rules) => statesOf(rules).some(hasOwnChains)) ??
    variants.find((rules) => statesOf(rules).some(isInUse)) ??
    variants[0]
  );
}

/** What {@link readVariants} asks of the variant that `iptables` stands for; nothing where there is no iptables. */
export function listSaveQuestions(): readonly Question[] {
  return askForBoth({ 4: findCommands("iptables"), 6: findCommands("ip6tables") });
}

/** Reads both families of one variant. */
export function readInstalledRules(
  toolset: Toolset,
  look: Look = lookAtOnce(askForBoth(toolset.commands)),
): InstalledRules {
  return { toolset, families: { 4: readFamily(toolset, 4, look), 6: readFamily(toolset, 6, look) } };
}

function askForBoth(commands: Toolset["commands"]): readonly Question[] {
  return FAMILIES.flatMap((family) => commands[family]?.save ?? []).map(askToSave);
}

function askToSave(command: string): Question {
  return { command, args: [] };
}

function readFamily(toolset: Toolset, family: Family, look: Look): FamilyTables {
  const commands = toolset.commands[family];
  if (!commands) return { why: `${toolOfFamily(family)} is not installed here` };
  const { status, stdout, stderr } = look(askToSave(commands.save));
  if (status !== 0) return { why: stderr.trim() || `${commands.save} failed` };
  const hidden = [...stdout.matchAll(INCOMPATIBLE)].flatMap(([, table]) => table ?? []);
  return { text: stdout, state: parseRulesState(stdout), hidden };
}

/** Says why one family's rules cannot be changed in some tables; null where they can. */
export function explainUnusable(rules: FamilyTables, tables: readonly string[]): string | null {
  if ("why" in rules) return rules.why;
  const hidden = rules.hidden.filter((table) => tables.includes(table));
  return hidden.length === 0
    ? null
    : `table ${hidden.join(", ")} contains rules that only nft can read; move them to a table with another name`;
}

function findToolset(): Toolset {
  const commands = { 4: findCommands("iptables"), 6: findCommands("ip6tables") };
  // A pod of native nftables rules needs no iptables, and can have no rules of it that any tool made there.
  if (!commands[4] && findOnPath("nft") !== null) return { variant: "nft", commands: { 4: null, 6: null } };
  if (!commands[4]) throw new LandfallError("environment", `There is no iptables-restore in the PATH. ${REMEDY}`);
  const name = basename(realpathSync(commands[4].restore));
  if (name.includes("nft")) return { variant: "nft", commands };
  if (name.includes("legacy")) return { variant: "legacy", commands };
  const { stdout } = runCommand(commands[4].restore, ["--version"]);
  return { variant: stdout.includes("nf_tables") ? "nft" : "legacy", commands };
}

function findCommands(name: string): { readonly save: string; readonly restore: string } | null {
  const [save, restore] = [findOnPath(`${name}-save`), findOnPath(`${name}-restore`)];
  return save !== null && restore !== null ? { save, restore } : null;
}

function hasLegacyTables(): boolean {
  return ["/proc/net/ip_tables_names", "/proc/net/ip6_tables_names"].some((path) => {
    try {
      return readFileSync(path, "utf8").trim() !== "";
    } catch {
      return false;
    }
  });
}
