import type { Rule, Table } from "../../model/ruleset.ts";
import {
  isObject,
  type Json,
  type JsonObject,
  listOf,
  type NftContext,
  type Place,
  type TimedSets,
  unwrap,
} from "./ast.ts";
import { closeSets, findChangingSets, listTimed } from "./named-sets.ts";
import { applyNftCommand, type OpenState, type OpenTable } from "./open-nft-tables.ts";
import { readRuleBody } from "./read-rule.ts";
import { renderStatement } from "./render-text.ts";

/** What reading a list of nft's objects or commands needs beside them. */
export interface RulesetContext extends Omit<NftContext, "sets" | "family"> {
  readonly timedSets: TimedSets;
  readonly placeOf: (node: Json) => Place;
  /** Gives a rule that has been read already, as others like it; null for one whose statements are to be read. */
  readonly ruleOf: (rule: JsonObject) => Rule | null;
  /** Gives a rule's own text, where it was read from one. */
  readonly textOfRule: (rule: JsonObject) => string | null;
  /** Gives the handle that the text tells behind a rule; JSON has it in the rule. */
  readonly handleOfRule: (rule: JsonObject) => number | null;
}

/** What a text or JSON of nft holds. */
export interface NftTables {
  /** Tables of ip, ip6 and inet in the order in which they were made. */
  readonly tables: readonly Table[];
  /** Objects of other families, and ingress chains with their rules: kept, and no part of the answer. */
  readonly kept: readonly JsonObject[];
  /** Sentences without a full stop about what was kept. */
  readonly notices: readonly string[];
}

const VERBS = ["add", "create", "insert", "flush", "delete", "destroy", "rename", "replace"];

/** Reads the objects of `nft -j list ruleset`, or commands (`{ "add": { "rule": … } }`), in their order. */
export function readTables(commands: readonly Json[], context: RulesetContext): NftTables {
  const state: OpenState = { tables: new Map(), kept: [], made: 0 };
  for (const command of commands) {
    const { verb, kind, body } = takeApart(command);
    const isReadable = isObject(body) || kind === "ruleset";
    const fault = isReadable
      ? applyNftCommand(verb, kind, isObject(body) ? body : {}, state)
      : "This is not an object or command of nft's JSON.";
    if (fault !== null) context.tell(isObject(body) ? body : command, fault);
  }
  const open = [...state.tables.values()];
  tellTies(open, context);
  const changing = findChangingSets(open);
  return {
    tables: open.map((table) => closeTable(table, changing, context)),
    kept: state.kept,
    notices: [...listKept(state.kept), ...(context.timedSets === "as-listed" ? listTimed(open, changing) : [])],
  };
}

/** An object without a verb is added, as in a listing. */
function takeApart(command: Json) {
  const [first = "", body = null] = unwrap(command) ?? [];
  if (!VERBS.includes(first)) return { verb: "add", kind: first, body };
  const [kind = "", inner = null] = unwrap(body) ?? [];
  return { verb: first, kind, body: inner };
}

function closeTable(table: OpenTable, changing: ReadonlySet<string>, context: RulesetContext): Table {
  const { family, name, isDormant } = table;
  const objects = [...table.objects.values()];
  const reading = { ...context, sets: closeSets(table, changing, context), family };
  return {
    family,
    source: "nft",
    name,
    chains: [...table.chains.values()].map((chain) => ({
      name: chain.name,
      base: chain.base,
      rules: chain.rules.map((rule) => closeRule(rule, reading, context)),
    })),
    ...(objects.length > 0 ? { objects } : {}),
    ...(isDormant ? { isDormant } : {}),
  };
}

/** What has no place of its own, a number or word of JSON, is at the place of its rule. */
function readingOf(rule: JsonObject, reading: NftContext, { placeOf, tell }: RulesetContext): NftContext {
  const isPlaced = (node: Json) => placeOf(node).path !== null || placeOf(node).line !== null;
  return { ...reading, tell: (node, message) => tell(isPlaced(node) ? node : rule, message) };
}

function closeRule(body: JsonObject, reading: NftContext, context: RulesetContext): Rule {
  const { placeOf, ruleOf, textOfRule, handleOfRule } = context;
  const { line } = placeOf(body);
  const known = ruleOf(body);
  // A command may begin on a line above its rule.
  if (known !== null) return line === null || known.line === line ? known : { ...known, line };
  const statements = listOf(body, "expr");
  const comment = typeof body.comment === "string" ? ` comment "${body.comment}"` : "";
  const text = textOfRule(body) ?? statements.map(renderStatement).join(" ") + comment;
  const handle = handleOfRule(body);
  const own = { ...(line === null ? {} : { line }), ...(handle === null ? {} : { handle }), text };
  return { ...readRuleBody(statements, body.comment, readingOf(body, reading, context)), ...own };
}

function listKept(kept: readonly JsonObject[]): readonly string[] {
  const names = kept.flatMap(({ table, chain }) => {
    if (isObject(table)) return [`the table ${table.family} ${table.name}`];
    return isObject(chain) && chain.family === "inet"
      ? [`the ${chain.hook} chain ${chain.name} of the table inet ${chain.table}`]
      : [];
  });
  return names.map((name) => `${name} is out of scope and is not examined`);
}

/** A chain that was made after those of a later table, at the same hook and priority, cannot be told from the order of tables. */
function tellTies(tables: readonly OpenTable[], { tell }: RulesetContext): void {
  const bases = tables.flatMap((table, place) =>
    [...table.chains.values()].flatMap((chain) =>
      chain.base ? [{ ...chain, ...chain.base, place, table: table.name }] : [],
    ),
  );
  for (const one of bases) {
    const later = bases.find(
      ({ hook, priority, place, order }) =>
        hook === one.hook && priority === one.priority && one.place < place && one.order > order,
    );
    if (later !== undefined)
      tell(
        one.node,
        `The chain ${one.name} is created after ${later.table} ${later.name}, at the same hook and priority; write the table ${one.table} in one piece.`,
      );
  }
}
