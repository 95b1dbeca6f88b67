import { codedFinding, type Finding, type Parsed } from "../../model/finding.ts";
import type { Table } from "../../model/ruleset.ts";
import type { FamilyRules } from "../interpreter.ts";
import { checkNftTable } from "./check.ts";
import { type NftReadOptions, readNftJson } from "./read-json.ts";
import type { NftTables } from "./read-ruleset.ts";
import { readNftText } from "./read-text.ts";
import { toRulesets } from "./rulesets.ts";

/** What a file of nft holds, by family, with what is to be said about it. */
export interface NftRules extends FamilyRules, NftTables {}

/**
 * Says whether a text is rules of nft, and in which form: `json` (`nft -j list ruleset`) or `text` (`nft list ruleset`, `nft -f`). Null for
 * every other text, such as output of iptables-save.
 */
export function recogniseNft(text: string): "json" | "text" | null {
  if (/^\s*\{\s*"nftables"\s*:/.test(text)) return "json";
  const head =
    /^[ \t]*(?:#!.*\bnft\b|(?:(?:add|create|delete|destroy|flush)\s+)?table\s+(?:(?:ip|ip6|inet|arp|bridge|netdev)\s+)?[\w"$-]+\s*(?:\{|;|$)|flush\s+ruleset|(?:add|insert|create)\s+(?:rule|chain|set|map|element)\s+\w+|define\s+\w+\s*=|include\s+")/m;
  return head.test(text) ? "text" : null;
}

/**
 * Reads rules of nft in either form, and refuses what the kernel would refuse. Gives every finding at once, each with the code `rule-fault`
 * and its line and column, or in JSON its path.
 *
 * @example
 * readNft("table ip t { chain o { type nat hook output priority -100; tcp dport 80 redirect to :15001 } }", { where: "a.nft" })
 * // { ok: true, value: { tables: [{ family: "ip", source: "nft", name: "t", chains: […] }], kept: [], notices: [],
 * //   ip: { family: 4, tables: […] }, ip6: null } }
 * readNft("table ip t { chain o { foo } }", { where: "a.nft" })
 * // { ok: false, findings: [{ code: "rule-fault", where: "a.nft", line: 1, column: 24,
 * //   message: '"foo" is not a statement of nftables.' }] }
 */
export function readNft(text: string, options: NftReadOptions): Parsed<NftRules> {
  const read = recogniseNft(text) === "json" ? readNftJson(text, options) : readNftText(text, options);
  if (!read.ok) return read;
  const findings = read.value.tables.flatMap((table) => findFaults(table, options.where));
  if (findings.length > 0) return { ok: false, findings };
  return { ok: true, value: { ...read.value, ...toRulesets(read.value) } };
}

function findFaults(table: Table, where: string): readonly Finding[] {
  return checkNftTable(table).map(({ rule, message }) =>
    codedFinding("rule-fault", where, message, rule?.line ?? null, null),
  );
}
