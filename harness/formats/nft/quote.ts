import type { CompareMatch } from "../../model/compare.ts";
import type { Rule } from "../../model/ruleset.ts";
import type { Target } from "../../model/target.ts";
import type { Json } from "./ast.ts";
import { renderStatement } from "./render-text.ts";
import { writeMatch, writeStatements } from "./write-rule.ts";

/** Text that the model keeps is quoted as it is. */
const verbatim = (text: string): Json => ({ verbatim: text });

/** Gives a comparison as nft(8) writes it: `meta skuid != 1337`. */
export function renderCompare(match: CompareMatch): string {
  return renderStatement(writeMatch(match, verbatim) ?? null);
}

/** Gives a target as nft(8) writes it: `counter packets 0 bytes 0 accept`. */
export function renderNftTarget(target: Target): string {
  return writeStatements(target, verbatim)
    .map((statement) => (statement === null ? target.kind : renderStatement(statement)))
    .join(" ");
}

/** Gives a rule as nft(8) writes it, without its comment and counts: `meta skuid 1337 return`. */
export function renderNftRule({ matches, target }: Pick<Rule, "matches" | "target">): string {
  const compared = matches.flatMap((match) => {
    if (match.kind === "comment") return [];
    const statement = writeMatch(match, verbatim);
    return [statement === null ? match.kind : renderStatement(statement)];
  });
  return [...compared, ...(target === null ? [] : [renderNftTarget(target)])].join(" ");
}
