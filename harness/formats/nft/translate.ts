import type { Match } from "../../model/match.ts";
import { type Chain, familyKey, type Rule, type Ruleset, type Table } from "../../model/ruleset.ts";
import type { Statement, Target } from "../../model/target.ts";
import { quoteRule } from "../rule-text.ts";
import { differsWithoutSocket, translateMatch } from "./translate-matches.ts";
import { translateTarget } from "./translate-targets.ts";

/** Rules of iptables as tables of nftables. Whether they do the same is for an analysis to say. */
export interface Translation {
  readonly tables: readonly Table[];
  /** Rules that nftables has no words for, and that are left out: `-A OUTPUT -m recent …: why`. */
  readonly left: readonly string[];
  /** Rules that treat packets without a socket otherwise than their translation does. */
  readonly socketless: readonly string[];
}

/**
 * Translates a family's rules of iptables rule by rule: a table becomes one of nftables with the same chains, priorities and policies,
 * under a name of its own, since `ip nat` is what iptables-nft calls its own. Built-in chains without rules are left out. Each rule counts.
 *
 * @example
 * translateRuleset(ruleset)
 * // { tables: [{ family: "ip", source: "nft", name: "iptables-nat", chains: [{ name: "OUTPUT", base: …, rules: […] }] }],
 * //   left: [], socketless: [] }
 */
export function translateRuleset(ruleset: Ruleset): Translation {
  const left: string[] = [];
  const socketless: string[] = [];
  const tables = ruleset.tables.flatMap((table): readonly Table[] => {
    const chains = table.chains.filter((chain) => isNeeded(chain)).map((chain) => translateChain(chain));
    return chains.length === 0
      ? []
      : [{ family: familyKey(ruleset.family), source: "nft", name: `iptables-${table.name}`, chains }];
  });
  return { tables, left, socketless };

  function translateChain(chain: Chain): Chain {
    const rules = chain.rules.flatMap((rule): readonly Rule[] => {
      const quoted = quoteRule(chain.name, rule, ruleset.family);
      const translated = translateRule(rule);
      if (rule.matches.some(differsWithoutSocket)) socketless.push(quoted);
      if (!("why" in translated)) return translated;
      left.push(`${quoted}: ${translated.why}`);
      return [];
    });
    return { name: chain.name, base: chain.base, rules };
  }

  function translateRule(rule: Rule): readonly Rule[] | { readonly why: string } {
    const comments = rule.matches.filter(({ kind }) => kind === "comment");
    const matches: Match[] = [];
    for (const match of rule.matches.filter(({ kind }) => kind !== "comment")) {
      const translated = translateMatch(match, rule.matches, ruleset.family);
      if ("why" in translated) return translated;
      matches.push(...translated);
    }
    const targets = translateTarget(rule.target, ruleset.family);
    if ("why" in targets) return targets;
    const all = [...matches, ...comments.slice(0, 1)];
    return targets.map((parts) => ({ matches: all, target: inOrder([{ kind: "counter", name: null }, ...parts]) }));
  }
}

function inOrder(targets: readonly Target[]): Target {
  const [only, ...others] = targets;
  if (only !== undefined && others.length === 0) return only;
  return { kind: "statements", statements: targets.map((target): Statement => ({ target })) };
}

function isNeeded({ base, rules }: Chain): boolean {
  return base === null || rules.length > 0 || base.policy === "DROP";
}
