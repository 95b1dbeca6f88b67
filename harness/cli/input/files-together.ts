import { codedFinding, type Finding } from "../../model/finding.ts";
import { type Ruleset, type Table, tableKey } from "../../model/ruleset.ts";

/** In nft's text, behind a line's beginning or a command's end; in its JSON. */
const FLUSHES_ALL = /(?:^|[;\n])[ \t]*flush[ \t]+ruleset\b|"flush"\s*:\s*\{\s*"ruleset"/;
const TAKES_TABLE = /(?:^|[;\n])[ \t]*(?:flush|delete|destroy)[ \t]+table[ \t]+(?:(ip6?|inet)[ \t]+)?([\w"./-]+)/g;

/**
 * Gives a finding where a later file undoes what earlier files have put in (`flush ruleset`, `delete table ip nat`): each file is read by
 * itself, so that it would be passed over.
 */
export function findUndoing(text: string, earlier: readonly (Ruleset | null)[], path: string): readonly Finding[] {
  const tables = earlier.flatMap((ruleset) => ruleset?.tables ?? []);
  if (tables.length === 0) return [];
  const bare = text.replace(/^[ \t]*#.*$/gm, "");
  const taken = [...bare.matchAll(TAKES_TABLE)].flatMap(([command, family = "ip", name = ""]) => {
    const isThere = tables.some((table) => table.name === name.replaceAll('"', "") && isOfFamily(table, family));
    return isThere ? [command.replace(/^[;\s]+/, "")] : [];
  });
  const all = FLUSHES_ALL.test(bare) ? ["flush ruleset"] : [];
  return [...all, ...taken].map((command) => {
    const message = `"${command}" takes away what earlier files have put in; give this file first, or remove the line.`;
    return codedFinding("duplicate", path, message);
  });
}

/** The tables of iptables are those of `ip` and `ip6` for nft. */
function isOfFamily(table: Table, family: string): boolean {
  return table.family === family || (isOfIptablesNft(table) && family !== "inet");
}

function isOfIptablesNft({ source }: Table): boolean {
  return source === "iptables" || source === "iptables-nft";
}

/** Gives a finding for each table that two sources have: in the kernel it would be one. */
export function findShared(known: Ruleset, added: Ruleset, path: string): readonly Finding[] {
  const twice = added.tables.filter((table) => known.tables.some((other) => tableKey(other) === tableKey(table)));
  const message = (name: string) =>
    `An earlier file already contains the IPv${added.family} table ${name}; give each table once.`;
  const both = [...findBoth(known, added), ...findBoth(added, known)];
  return [
    ...twice.map(({ name }) => codedFinding("duplicate", path, message(name))),
    ...both.map(({ family, name }) =>
      codedFinding(
        "duplicate",
        path,
        `The table ${family} ${name} of nftables is the table ${name} of iptables-nft, and the kernel has it once; give it another name, or give what nft list ruleset prints of both.`,
      ),
    ),
  ];
}

/** Gives the native tables of one that have the name of a table of iptables in the other. */
function findBoth(one: Ruleset, other: Ruleset): readonly Table[] {
  const names = other.tables.filter(isOfIptablesNft).map(({ name }) => name);
  return one.tables.filter(({ source, family, name }) => source === "nft" && family !== "inet" && names.includes(name));
}
