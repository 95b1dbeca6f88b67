import type { Match } from "../model/match.ts";
import type { Rule } from "../model/ruleset.ts";
import type { Test } from "./compiled-chain.ts";
import { compileMatch } from "./match.ts";

/**
 * Says whether a rule leaves a packet and its way as they are, so that it need not be known whether the rule matches.
 *
 * @example
 * isIdle({ matches: [], target: { kind: "log", options: "" } })   // true
 */
export function isIdle({ target }: Rule): boolean {
  return target === null || target.kind === "log" || target.kind === "counter" || target.kind === "side-effect";
}

/**
 * Compiles a match of such a rule into a test that asks nothing: each packet that an unknown match is asked about would double the walks.
 *
 * @example
 * compileIdleMatch({ kind: "unknown", text: "-m limit --limit 1/sec" })   // () => true
 */
export function compileIdleMatch(match: Match): Test {
  return match.kind === "unknown" ? () => true : compileMatch(match);
}
