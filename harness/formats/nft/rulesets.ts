import type { Family } from "../../model/address.ts";
import { familyKey, type Ruleset, type Table } from "../../model/ruleset.ts";
import type { FamilyRules } from "../interpreter.ts";
import { isObject, type JsonObject, listOf, unwrap } from "./ast.ts";
import type { NftTables } from "./read-ruleset.ts";

/** Where a chain at a device is shown: before everything else that a packet meets, or behind it. */
const DEVICE_BASES = {
  ingress: { hook: "prerouting", priority: -2147483648 },
  egress: { hook: "postrouting", priority: 2147483647 },
} as const;

/**
 * Gives the tables of nft by family: those of `inet` are in both. A family that no table is of is null. A chain at a device
 * (ingress, egress) that could drop packets stands in front or behind as one that nobody knows: whatever comes in there, or leaves, is
 * unknown.
 */
export function toRulesets({ tables, kept }: Pick<NftTables, "tables" | "kept">): FamilyRules {
  const unknown = findDeviceChains(kept);
  const of = (family: Family): Ruleset | null => {
    const own = tables.filter((table) => table.family === "inet" || table.family === familyKey(family));
    return own.length === 0 && unknown.length === 0 ? null : { family, tables: [...own, ...unknown] };
  };
  return { ip: of(4), ip6: of(6) };
}

function findDeviceChains(kept: readonly JsonObject[]): readonly Table[] {
  return kept.flatMap(({ chain }): readonly Table[] => {
    if (!isObject(chain) || !couldDrop(chain, kept)) return [];
    const base = DEVICE_BASES[chain.hook === "egress" ? "egress" : "ingress"];
    const text = `the ${chain.hook} chain ${chain.name} of the table ${chain.family} ${chain.table}`;
    return [
      {
        family: "inet",
        source: "nft",
        name: `${chain.table} (${chain.hook})`,
        chains: [
          {
            name: String(chain.name),
            base: { ...base, type: "filter", policy: "ACCEPT" },
            rules: [{ matches: [], target: { kind: "unknown", text }, text }],
          },
        ],
      },
    ];
  });
}

/**
 * Gives a sentence for each chain at a device that could drop or change packets (hooks ingress and egress, man 8 nft, "NETDEV ADDRESS
 * FAMILY"): landfall does not follow packets through those, and does not put them into a sandbox.
 */
export function findUnseenChains({ kept }: Pick<NftTables, "kept">): readonly string[] {
  return kept.flatMap(({ chain }) =>
    isObject(chain) && couldDrop(chain, kept)
      ? [
          `The ${chain.hook} chain ${chain.name} of the table ${chain.family} ${chain.table} may drop or change packets, and landfall does not follow packets through such chains. Leave it out of this text; to have its rules in the sandbox, put all rules in with --rules-script.`,
        ]
      : [],
  );
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
