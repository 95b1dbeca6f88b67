import { renderRule } from "../../harness/formats/rule-text.ts";
import type { Family } from "../../harness/model/address.ts";
import { listBuiltInChains, makeChain, makeIptablesTable, readTableName } from "../../harness/model/iptables-tables.ts";
import type { PodRules, Rule, Ruleset } from "../../harness/model/ruleset.ts";
import type { Target } from "../../harness/model/target.ts";
import type { Dice } from "./dice.ts";
import { drawMatches } from "./hole-matches.ts";

/** One rule too many, and the rules with it. */
export interface Hole {
  readonly family: Family;
  readonly rule: Rule;
  readonly rules: PodRules;
  /** Where it stands and what it says: `IPv4 nat ISTIO_OUTPUT 3: -A ISTIO_OUTPUT -p tcp -m tcp --dport 3306 -j RETURN`. */
  readonly text: string;
}

/** Draws a hole in correct rules: any place, one to three matches, and a verdict that lets traffic by, drops it, or sends it elsewhere. */
export function drawHole(dice: Dice, rules: PodRules): Hole {
  const families = ([4, 4, 6] as const).filter((family) => rules[family === 4 ? "ip" : "ip6"] !== null);
  const family = dice.pick(families);
  const ruleset = (family === 4 ? rules.ip : rules.ip6) ?? { family, tables: [] };
  const { table, chain, index } = drawPlace(dice, ruleset);
  const rule: Rule = {
    matches: [{ kind: "protocol", negated: false, protocol: "tcp" }, ...drawMatches(dice, family)],
    target: drawTarget(dice, table),
  };
  const holed = insertRule(ruleset, { table, chain, index }, rule);
  return {
    family,
    rule,
    rules: family === 4 ? { ...rules, ip: holed } : { ...rules, ip6: holed },
    text: `IPv${family} ${table} ${chain} ${index + 1}: ${renderRule(chain, rule, family)}`,
  };
}

interface Place {
  readonly table: string;
  readonly chain: string;
  /** How many rules stand before it. */
  readonly index: number;
}

/** Mostly among the rules that are there; sometimes in a chain that has none. */
function drawPlace(dice: Dice, { tables }: Ruleset): Place {
  const chains = tables.flatMap(({ name, chains: all }) =>
    all.map((chain) => ({ table: name, chain: chain.name, length: chain.rules.length })),
  );
  const filled = chains.filter(({ length }) => length > 0);
  if (filled.length > 0 && dice.chance(0.8)) {
    const { table, chain, length } = dice.pick(filled);
    return { table, chain, index: dice.number(0, length) };
  }
  const table = dice.pick(["filter", "mangle", "raw"] as const);
  const chain = dice.pick(listBuiltInChains(table));
  return {
    table,
    chain,
    index: dice.number(0, chains.find((each) => each.table === table && each.chain === chain)?.length ?? 0),
  };
}

/** iptables refuses DROP in nat, and REDIRECT elsewhere. */
function drawTarget(dice: Dice, table: string): Target {
  if (table !== "nat") return { kind: dice.pick(["return", "accept", "drop"] as const) };
  const port = dice.pick([15001, 15006, 8080, 9999]);
  return dice.pick<Target>([
    { kind: "return" },
    { kind: "accept" },
    { kind: "redirect", ports: { first: port, last: port }, random: false },
  ]);
}

function insertRule(ruleset: Ruleset, { table, chain, index }: Place, rule: Rule): Ruleset {
  const chains = listBuiltInChains(table).map((name) => makeChain(table, name));
  const own = readTableName(table);
  const tables =
    own === null || ruleset.tables.some(({ name }) => name === table)
      ? ruleset.tables
      : [...ruleset.tables, makeIptablesTable(own, ruleset.family, chains)];
  return {
    ...ruleset,
    tables: tables.map((one) =>
      one.name === table
        ? {
            ...one,
            chains: one.chains.map((each) =>
              each.name === chain ? { ...each, rules: each.rules.toSpliced(index, 0, rule) } : each,
            ),
          }
        : one,
    ),
  };
}
