import type { Match } from "../../model/match.ts";
import type { Rule } from "../../model/ruleset.ts";
import type { Statement } from "../../model/target.ts";
import { isObject, type Json, type NftContext, numberOf, unwrap } from "./ast.ts";
import { isMatchStatement, readMatch } from "./read-match.ts";
import { readTarget } from "./read-target.ts";

/** Statements behind which nothing is done any more (src/evaluate.c, `STMT_F_TERMINAL`). */
const FINAL = [
  "accept",
  "drop",
  "return",
  "continue",
  "jump",
  "goto",
  "redirect",
  "dnat",
  "snat",
  "masquerade",
  "reject",
  "queue",
  "vmap",
];

/** Reads the statements of a rule: matches in front, then one target, or several statements as one. */
export function readRuleBody(
  statements: readonly Json[],
  comment: Json | undefined,
  context: NftContext,
): Pick<Rule, "matches" | "target" | "counters"> {
  for (const [i, statement] of statements.entries()) tellMistake(statement, statements[i - 1], context);
  const read = statements.map((statement): Statement => {
    const [kind = "", body = null] = unwrap(statement) ?? [];
    return isMatchStatement(kind, body)
      ? { match: readMatch(statement, context) }
      : { target: readTarget(statement, context) };
  });
  const first = read.findIndex((part) => "target" in part);
  const leading = first < 0 ? read : read.slice(0, first);
  const rest = first < 0 ? [] : read.slice(first);
  const notes: readonly Match[] = typeof comment === "string" ? [{ kind: "comment", text: comment }] : [];
  const matches = [...leading.flatMap((part) => ("match" in part ? part.match : [])), ...notes];
  const [only, ...others] = rest;
  const counters = findCounters(statements);
  if (only === undefined) return { matches, target: null };
  if (others.length === 0 && "target" in only) return { matches, target: only.target, ...counters };
  return { matches, target: { kind: "statements", statements: rest }, ...counters };
}

function tellMistake(statement: Json, before: Json | undefined, { tell }: NftContext): void {
  if (unwrap(statement) === null) tell(statement, "This is not a statement of nft's JSON: an object with one key.");
  if (before !== undefined && FINAL.includes(unwrap(before)?.[0] ?? ""))
    tell(statement, "A statement after a verdict is never executed; nft refuses it.");
}

function findCounters(statements: readonly Json[]): Pick<Rule, "counters"> {
  for (const statement of statements) {
    const [kind, body] = unwrap(statement) ?? [];
    const [packets, bytes] = isObject(body) ? [numberOf(body, "packets"), numberOf(body, "bytes")] : [null, null];
    if (kind === "counter" && packets !== null && bytes !== null) return { counters: { packets, bytes } };
  }
  return {};
}
