import type { FamilyRules } from "../../formats/interpreter.ts";
import { resolveSets } from "../../formats/set-matches.ts";
import { listUnknownMatches, tellMatches } from "../../formats/told-matches.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { listWords } from "../../model/listed-words.ts";
import type { Ruleset } from "../../model/ruleset.ts";
import type { CommandIo } from "../command.ts";
import { refuse } from "../refusal.ts";
import type { GivenSurroundings } from "./given-surroundings.ts";

/**
 * Gives rules with what is known of their sets, and what is assumed of other matches, in the matches' places; tells why sets are not
 * known, and what is assumed. Throws `bad-input` where something is assumed of a match that no rule of any side has.
 */
export function fillKnown(
  sides: readonly FamilyRules[],
  around: GivenSurroundings,
  io: Pick<CommandIo, "err">,
): readonly FamilyRules[] {
  const filled = sides.map((rules) => fillSets(rules, around, io));
  const { assumed } = around;
  if (assumed.size === 0) return filled;
  const unknown = new Set(filled.flatMap(({ ip, ip6 }) => [ip, ip6].flatMap(listUnknownMatches)));
  const absent = [...assumed.keys()].filter((text) => !unknown.has(text));
  if (absent.length > 0) throw refuse(absent.map((text) => describeAbsent(text, [...unknown])));
  for (const [text, answer] of assumed) io.err(`landfall: as --assume says, ${text} ${answer} for every packet.\n`);
  const tell = (ruleset: Ruleset | null) => ruleset && tellMatches(ruleset, assumed);
  return filled.map(({ ip, ip6 }) => ({ ip: tell(ip), ip6: tell(ip6) }));
}

/** Matches that are named where another is asked for. */
const MATCHES_NAMED = 8;

function describeAbsent(text: string, unknown: readonly string[]): Finding {
  const named = unknown.slice(0, MATCHES_NAMED).map((one) => JSON.stringify(one));
  const rest = unknown.length - named.length;
  const list = listWords([...named, ...(rest > 0 ? [`${rest} more`] : [])], "and");
  const remedy =
    unknown.length === 0 ? "landfall understands every match of the rules; remove it." : `Those are ${list}.`;
  return codedFinding(
    "conflict",
    "--assume",
    `No match that is not understood reads ${JSON.stringify(text)}. ${remedy}`,
  );
}

function fillSets(rules: FamilyRules, { sets }: GivenSurroundings, io: Pick<CommandIo, "err">): FamilyRules {
  if (sets === null) return rules;
  const [ip, ip6] = [rules.ip, rules.ip6].map((ruleset) => ruleset && resolveSets(ruleset, sets));
  for (const notice of new Set([ip, ip6].flatMap((one) => one?.notices ?? []))) io.err(`landfall: ${notice}.\n`);
  return { ip: ip?.ruleset ?? null, ip6: ip6?.ruleset ?? null };
}
