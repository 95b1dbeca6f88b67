import { quoteRule } from "../../formats/rule-text.ts";
import type { Family } from "../../model/address.ts";
import type { Rule } from "../../model/ruleset.ts";
import type { RenderRule } from "../../netfilter/recording.ts";
import { originalChain } from "../flows/told-apart.ts";

/** Gives a function that quotes each rule of a family once: every flow that is explained meets the same ones. */
export function keepQuotes(family: Family): RenderRule {
  const known = new WeakMap<Rule, Map<string, string>>();
  return (chain, rule) => {
    const own = known.get(rule) ?? new Map<string, string>();
    known.set(rule, own);
    const text = own.get(chain) ?? quoteRule(originalChain(chain), rule, family);
    own.set(chain, text);
    return text;
  };
}
