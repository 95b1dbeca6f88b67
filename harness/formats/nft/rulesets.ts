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
  const unknown = findDeviceChains(kept).map(makeUnknownTable);
  const of = (family: Family): Ruleset | null => {
    const own = tables.filter((table) => table.family === "inet" || table.family === familyKey(family));
    return own.length === 0 && unknown.length === 0 ? null : { family, tables: [...own, ...unknown] };
  };
  return { ip: of(4), ip6: of(6) };
}

function makeUnknownTable(chain: DeviceChain): Table {
  const { hook, body } = chain;
  const text = `the ${nameChain(chain)}`;
  const base = { ...DEVICE_BASES[hook], type: "filter", policy: "ACCEPT" } as const;
  const rules = [{ matches: [], target: { kind: "unknown", text }, text } as const];
  const chains = [{ name: String(body.name), base, rules }];
  return { family: "inet", source: "nft", name: `${body.table} (${hook})`, chains };
}

/** Says whether a table stands for a chain at a device, which has no rules that could be written or loaded. */
export function standsForDevice({ name }: Table): boolean {
  return Object.keys(DEVICE_BASES).some((hook) => name.endsWith(` (${hook})`));
}

/**
 * Gives a sentence for each chain at a device that could drop or change packets (hooks ingress and egress, man 8 nft, "NETDEV ADDRESS
 * FAMILY"): landfall does not follow packets through those, and does not put them into a sandbox.
 */
export function findUnseenChains({ kept }: Pick<NftTables, "kept">): readonly string[] {
  return findDeviceChains(kept).map(
    (chain) =>
      `The ${nameChain(chain)} may drop or change packets, and landfall does not follow packets through such chains. Leave it out of this text; to have its rules in the sandbox, put all rules in with --rules-script.`,
  );
}

/** A base chain at a device. */
interface DeviceChain {
  readonly hook: keyof typeof DEVICE_BASES;
  readonly body: JsonObject;
}

function nameChain({ hook, body }: DeviceChain): string {
  return `${hook} chain ${body.name} of the table ${body.family} ${body.table}`;
}

/** Those that could drop or change packets. What is kept beside them, tables of arp and bridge, decides about no packet of a pod. */
function findDeviceChains(kept: readonly JsonObject[]): readonly DeviceChain[] {
  return kept.flatMap(({ chain: body }) => {
    if (!isObject(body) || !couldDrop(body, kept)) return [];
    return body.hook === "ingress" || body.hook === "egress" ? [{ hook: body.hook, body }] : [];
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
