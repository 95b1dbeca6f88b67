import type { Family } from "../../model/address.ts";
import { familyKey, type Ruleset, type Table } from "../../model/ruleset.ts";
import type { FamilyRules } from "../interpreter.ts";
import { isObject, type JsonObject, listOf, unwrap } from "./ast.ts";
import type { NftTables } from "./read-ruleset.ts";

/** The priority at which an ingress chain is shown: before everything else that a packet meets. */
const FIRST = -2147483648;

/**
 * Gives the tables of nft by family: those of `inet` are in both. A family that no table is of is null. An ingress chain that could drop
 * packets stands in front as one that nobody knows: whatever comes in is unknown.
 */
export function toRulesets({ tables, kept }: Pick<NftTables, "tables" | "kept">): FamilyRules {
  const unknown = findIngress(kept);
  const of = (family: Family): Ruleset | null => {
    const own = tables.filter((table) => table.family === "inet" || table.family === familyKey(family));
    return own.length === 0 && unknown.length === 0 ? null : { family, tables: [...own, ...unknown] };
  };
  return { ip: of(4), ip6: of(6) };
}

function findIngress(kept: readonly JsonObject[]): readonly Table[] {
  return kept.flatMap(({ chain }): readonly Table[] => {
    if (!isObject(chain) || chain.hook !== "ingress" || !couldDrop(chain, kept)) return [];
    const text = `the ingress chain ${chain.name} of the table ${chain.family} ${chain.table}`;
    return [
      {
        family: "inet",
        source: "nft",
        name: `${chain.table} (ingress)`,
        chains: [
          {
            name: String(chain.name),
            base: { hook: "prerouting", type: "filter", priority: FIRST, policy: "ACCEPT" },
            rules: [{ matches: [], target: { kind: "unknown", text } }],
          },
        ],
      },
    ];
  });
}

/** Whether it drops by its policy, or has a rule that does more than count and accept. */
function couldDrop(chain: JsonObject, kept: readonly JsonObject[]): boolean {
  const rules = kept.flatMap(({ rule }) =>
    isObject(rule) && rule.chain === chain.name && rule.table === chain.table && rule.family === chain.family
      ? [rule]
      : [],
  );
  const harmless = ["match", "counter", "accept", "log"];
  const acts = rules.some((rule) => listOf(rule, "expr").some((part) => !harmless.includes(unwrap(part)?.[0] ?? "")));
  return chain.policy === "drop" || acts;
}
