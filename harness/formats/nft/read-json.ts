import { codedFinding, type Finding, type Parsed } from "../../model/finding.ts";
import { type NameLookups, NO_LOOKUPS } from "../../model/name-lookups.ts";
import { isList, isObject, type Json, numberOf, type TimedSets } from "./ast.ts";
import { findJsonFault } from "./json-fault.ts";
import { type NftTables, readTables } from "./read-ruleset.ts";
import { readStatement } from "./text-rule.ts";
import { nameChainsInJson } from "./unnamed-chains.ts";

/** How to read rules of nft: `{ where: "rules.nft" }`. */
export interface NftReadOptions {
  /** How findings name the text: a file's name. */
  readonly where: string;
  /** Resolves names of users, groups and services. */
  readonly names?: NameLookups;
  /** What counts as in a set whose elements expire: nothing is known of it, unless something else is said. */
  readonly timedSets?: TimedSets;
}

/** The deepest that JSON may nest; nft's own stays below 20. */
const DEPTH_AT_MOST = 100;

/**
 * Reads what `nft -j list ruleset` prints, or commands that `nft -j -f` takes (libnftables-json(5)). Findings name the path of what is
 * wrong: `nftables[3].rule.expr[0]`.
 */
export function readNftJson(
  text: string,
  { where, names = NO_LOOKUPS, timedSets = "unknown" }: NftReadOptions,
): Parsed<NftTables> {
  const parsed = parseJson(text, where);
  if (!parsed.ok) return parsed;
  const paths = new Map<Json, string>();
  const list = isObject(parsed.value) ? parsed.value["nftables"] : undefined;
  if (!isList(list))
    return { ok: false, findings: [codedFinding("malformed-text", where, 'This JSON has no list "nftables".')] };
  if (!notePaths(list, "nftables", paths, 0))
    return {
      ok: false,
      findings: [codedFinding("malformed-text", where, `This JSON nests deeper than ${DEPTH_AT_MOST} levels.`)],
    };
  const findings: Finding[] = [];
  const named = nameChainsInJson(
    list,
    readStatement,
    (piece, original) => void paths.set(piece, paths.get(original) ?? "nftables"),
  );
  const value = readTables(named, {
    ...names,
    timedSets,
    tell: (node, message) =>
      void findings.push(codedFinding("rule-fault", where, `${paths.get(node) ?? "nftables"}: ${message}`)),
    placeOf: (node) => ({ line: null, column: null, path: paths.get(node) ?? null }),
    ruleOf: () => null,
    textOfRule: () => null,
    handleOfRule: (rule) => numberOf(rule, "handle"),
  });
  return findings.length > 0 ? { ok: false, findings } : { ok: true, value };
}

function parseJson(text: string, where: string): Parsed<Json> {
  try {
    return { ok: true, value: JSON.parse(text) as Json };
  } catch {
    const before = text.slice(0, findJsonFault(text)).split("\n");
    const next = text.slice(findJsonFault(text)).split(/\s/)[0] ?? "";
    const what = next === "" ? "it ends too early" : `${JSON.stringify(next)} cannot stand here`;
    const place = [before.length, (before.at(-1)?.length ?? 0) + 1] as const;
    return {
      ok: false,
      findings: [codedFinding("malformed-text", where, `This is not valid JSON: ${what}.`, ...place)],
    };
  }
}

/** Notes the path of every object and list. A text or number is named by the path of what holds it. */
function notePaths(node: Json, path: string, paths: Map<Json, string>, depth: number): boolean {
  if (depth > DEPTH_AT_MOST) return false;
  if (typeof node !== "object" || node === null) return true;
  paths.set(node, path);
  const members = isList(node)
    ? node.map((member, i) => [`${path}[${i}]`, member] as const)
    : Object.entries(node).map(([key, member]) => [`${path}.${key}`, member ?? null] as const);
  return members.every(([name, member]) => notePaths(member, name, paths, depth + 1));
}
