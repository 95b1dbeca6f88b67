// Long because one function has a case for each kind of command, and they change the same tables.
import type { BaseChain, Rule, Table, TableFamily } from "../../model/ruleset.ts";
import {
  isList,
  isObject,
  type Json,
  type JsonObject,
  listOf,
  type NamedSet,
  numberOf,
  type Place,
  type ReadContext,
  textOf,
  unwrap,
} from "./ast.ts";
import { hasOverlap } from "./intervals.ts";
import { readRuleBody } from "./read-rule.ts";
import { renderStatement } from "./render-text.ts";

/** What reading a list of nft's objects or commands needs beside them. */
export interface RulesetContext extends Omit<ReadContext, "sets" | "family"> {
  readonly placeOf: (node: Json) => Place;
  /** Gives a rule's own text, where it was read from one. */
  readonly textOfRule: (rule: JsonObject) => string | null;
}

/** What a text or JSON of nft holds. */
export interface NftTables {
  /** Tables of ip, ip6 and inet in the order in which they were made. */
  readonly tables: readonly Table[];
  /** Objects of other families, and ingress chains with their rules: kept, and no part of the answer. */
  readonly kept: readonly JsonObject[];
  /** Sentences without a full stop about what was kept, and about order. */
  readonly notices: readonly string[];
}

/** A chain while commands change it. */
interface OpenChain {
  readonly name: string;
  readonly base: BaseChain | null;
  /** Counts all chains in the order in which they were made. */
  readonly order: number;
  readonly rules: JsonObject[];
  readonly node: Json;
}

interface OpenTable {
  readonly family: TableFamily;
  readonly name: string;
  isDormant: boolean;
  readonly chains: Map<string, OpenChain>;
  readonly objects: Map<string, JsonObject & { elem?: Json }>;
}

const FAMILIES: readonly string[] = ["ip", "ip6", "inet"];
const OTHER_FAMILIES = ["arp", "bridge", "netdev"];
const HOOKS = ["prerouting", "input", "forward", "output", "postrouting"] as const;
const TYPES = ["filter", "nat", "route"] as const;
const NAMED_OBJECTS = [
  "set",
  "map",
  "counter",
  "quota",
  "limit",
  "ct helper",
  "ct timeout",
  "ct expectation",
  "secmark",
  "synproxy",
  "flowtable",
];

/** Reads the objects of `nft -j list ruleset`, or commands (`{ "add": { "rule": … } }`), in their order. */
export function readTables(commands: readonly Json[], context: RulesetContext): NftTables {
  const tables = new Map<string, OpenTable>();
  const kept: JsonObject[] = [];
  let made = 0;

  function run(verb: string, kind: string, body: JsonObject): void {
    if (kind === "metainfo") return;
    if (kind === "ruleset") return flushAll(verb, body);
    const family = textOf(body, "family") ?? "ip";
    if (OTHER_FAMILIES.includes(family)) return void kept.push({ [kind]: body });
    if (!FAMILIES.includes(family))
      return context.tell(body, `"${family}" is not a family of nftables; use ip, ip6 or inet.`);
    const tableName = kind === "table" ? textOf(body, "name") : textOf(body, "table");
    if (tableName === null) return context.tell(body, `A ${kind} needs the name of its table.`);
    const key = `${family} ${tableName}`;
    if (kind === "table") return runTable(verb, body, key, family as TableFamily, tableName);
    const table = tables.get(key);
    if (table === undefined) return context.tell(body, `There is no table ${key}.`);
    if (kind === "chain") return runChain(verb, body, table);
    if (kind === "rule") return runRule(verb, body, table);
    if (kind === "element") return runElement(verb, body, table);
    if (NAMED_OBJECTS.includes(kind)) return runObject(verb, kind, body, table);
    context.tell(body, `"${kind}" is not an object of nftables that is read.`);
  }

  function flushAll(verb: string, body: JsonObject): void {
    if (verb !== "flush") return context.tell(body, `${verb} does not go with ruleset; use flush ruleset.`);
    tables.clear();
    kept.length = 0;
  }

  function runTable(verb: string, body: JsonObject, key: string, family: TableFamily, name: string): void {
    if (verb === "delete" || verb === "destroy") {
      if (!tables.delete(key) && verb === "delete") context.tell(body, `There is no table ${key} to delete.`);
      return;
    }
    const known = tables.get(key);
    if (verb === "flush") {
      for (const chain of known?.chains.values() ?? []) chain.rules.length = 0;
      return;
    }
    if (verb === "create" && known) context.tell(body, `The table ${key} exists already.`);
    const isDormant = listOf(body, "flags").some((flag) => flag === "dormant" || flag === "t");
    if (known) known.isDormant ||= isDormant;
    else tables.set(key, { family, name, isDormant, chains: new Map(), objects: new Map() });
  }

  function runChain(verb: string, body: JsonObject, table: OpenTable): void {
    const name = textOf(body, "name");
    if (name === null) return context.tell(body, "A chain needs a name.");
    const known = table.chains.get(name);
    if (verb === "flush") return void known?.rules.splice(0);
    if (verb === "delete" || verb === "destroy" || verb === "rename") return tellUnread(verb, "chain", body);
    if (known) {
      if (body.hook === undefined) return;
      table.chains.set(name, { ...known, base: readBase(body, context) ?? known.base });
      return;
    }
    if (body.hook === "ingress" || body.hook === "egress") return void kept.push({ chain: body });
    table.chains.set(name, { name, base: readBase(body, context), order: made++, rules: [], node: body });
  }

  function runRule(verb: string, body: JsonObject, table: OpenTable): void {
    const name = textOf(body, "chain") ?? "";
    const isIngress = kept.some(
      ({ chain }) =>
        isObject(chain) && chain.name === name && chain.table === table.name && chain.family === table.family,
    );
    if (isIngress) return void kept.push({ rule: body });
    const chain = table.chains.get(name);
    if (chain === undefined) return context.tell(body, `The table ${table.name} has no chain ${name}.`);
    if (!isList(body.expr)) return context.tell(body, "A rule needs a list of statements, expr.");
    if (body["position"] !== undefined)
      return context.tell(
        body,
        "A handle as a place among the rules is not read; use index, or write the rules in order.",
      );
    if (verb !== "add" && verb !== "create" && verb !== "insert") return tellUnread(verb, "rule", body);
    const index = numberOf(body, "index");
    const length = chain.rules.length;
    if (index !== null && index >= length)
      return context.tell(body, `The chain ${name} has ${length} rules, and none of index ${index}.`);
    // nft(8), RULES: add puts a rule behind the one that is named, insert before it.
    const place = index === null ? (verb === "insert" ? 0 : length) : verb === "insert" ? index : index + 1;
    chain.rules.splice(place, 0, body);
  }

  function runElement(verb: string, body: JsonObject, table: OpenTable): void {
    const set = table.objects.get(`set ${textOf(body, "name")}`);
    if (verb !== "add" && verb !== "create") return tellUnread(verb, "element", body);
    if (set === undefined)
      return context.tell(body, `The table ${table.name} has no set or map ${textOf(body, "name")}.`);
    set.elem = [...listOf(set, "elem"), ...listOf(body, "elem")];
  }

  function runObject(verb: string, kind: string, body: JsonObject, table: OpenTable): void {
    const name = textOf(body, "name");
    if (name === null) return context.tell(body, `A ${kind} needs a name.`);
    if (verb !== "add" && verb !== "create") return tellUnread(verb, kind, body);
    const key = kind === "map" ? `set ${name}` : `${kind} ${name}`;
    const known = table.objects.get(key);
    if (known === undefined) table.objects.set(key, { ...body, kind });
    else known.elem = [...listOf(known, "elem"), ...listOf(body, "elem")];
  }

  function tellUnread(verb: string, kind: string, body: Json): void {
    context.tell(body, `"${verb} ${kind}" is not read; give the rules as nft list ruleset prints them.`);
  }

  for (const command of commands) {
    const [kind, body] = unwrap(command) ?? [];
    const isVerb =
      kind !== undefined &&
      ["add", "create", "insert", "flush", "delete", "destroy", "rename", "replace"].includes(kind);
    const [object, inner] = isVerb ? (unwrap(body) ?? []) : [kind, body];
    const isEmpty = inner === null && object === "ruleset";
    if (object !== undefined && (isObject(inner) || isEmpty))
      run(isVerb ? kind : "add", object, isObject(inner) ? inner : {});
    else context.tell(command, "This is not an object or command of nft's JSON.");
  }
  const open = [...tables.values()];
  const changing = findChangingSets(open);
  return {
    tables: open.map((table) => closeTable(table, changing, context)),
    kept,
    notices: [...tellKept(kept), ...tellTies(open, context)],
  };
}

/** Reads where the kernel calls a chain; null for a chain that only rules lead to, and, with a finding, for what is wrong. */
function readBase(body: JsonObject, { tell }: Pick<ReadContext, "tell">): BaseChain | null {
  if (body.hook === undefined && body.type === undefined && body.prio === undefined) return null;
  const hook = HOOKS.find((one) => one === body.hook);
  const type = TYPES.find((one) => one === body.type);
  const priority = numberOf(body, "prio");
  const policy = String(body.policy ?? "accept").toUpperCase();
  if (hook === undefined) tell(body, `"${body.hook ?? ""}" is not a hook; use ${HOOKS.join(", ")}.`);
  if (type === undefined) tell(body, `"${body.type ?? ""}" is not a chain's type; use ${TYPES.join(", ")}.`);
  if (priority === null) tell(body, "A base chain needs a priority, prio, which is a whole number.");
  if (policy !== "ACCEPT" && policy !== "DROP") tell(body, `"${body.policy}" is not a policy; use accept or drop.`);
  if (hook === undefined || type === undefined || priority === null || (policy !== "ACCEPT" && policy !== "DROP"))
    return null;
  if (type === "route" && hook !== "output")
    tell(body, "A chain of type route stands at the hook output only; the kernel refuses this.");
  if (type === "nat" && hook === "forward")
    tell(body, "A chain of type nat cannot stand at the hook forward; the kernel refuses this.");
  if (type === "nat" && priority <= -200)
    tell(body, "A nat chain's priority must be above -200, where connections are tracked; the kernel refuses this.");
  return { hook, type, priority, policy };
}

/** Sets that rules add to, by table and name: what they hold is not known. */
function findChangingSets(tables: readonly OpenTable[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const table of tables)
    for (const chain of table.chains.values())
      for (const rule of chain.rules)
        for (const statement of listOf(rule, "expr")) {
          const [kind, body] = unwrap(statement) ?? [];
          const name = kind === "set" || kind === "map" ? (textOf(body, "set") ?? textOf(body, "map")) : null;
          if (name !== null) found.add(`${table.family} ${table.name} ${name.replace(/^@/, "")}`);
        }
  return found;
}

function closeTable(table: OpenTable, changing: ReadonlySet<string>, context: RulesetContext): Table {
  const { family, name, isDormant } = table;
  const sets = new Map<string, NamedSet>();
  for (const [key, body] of table.objects) {
    if (!key.startsWith("set ")) continue;
    const flags = listOf(body, "flags");
    const isChanging =
      changing.has(`${family} ${name} ${body.name}`) ||
      flags.includes("dynamic") ||
      flags.includes("timeout") ||
      body.timeout !== undefined;
    sets.set(key.slice(4), { elements: listOf(body, "elem"), contents: isChanging ? "changing" : "fixed" });
    if (body["auto-merge"] !== true && hasOverlap(listOf(body, "elem")))
      context.tell(body, `Intervals of the set ${body.name} overlap; nft refuses this without auto-merge.`);
  }
  const objects = [...table.objects.values()];
  const reading = { ...context, sets, family };
  return {
    family,
    source: "nft",
    name,
    chains: [...table.chains.values()].map((chain) => ({
      name: chain.name,
      base: chain.base,
      rules: chain.rules.map((rule) => closeRule(rule, readingOf(rule, reading, context), context)),
    })),
    ...(objects.length > 0 ? { objects } : {}),
    ...(isDormant ? { isDormant } : {}),
  };
}

/** What has no place of its own, a number or word of JSON, is at the place of its rule. */
function readingOf(rule: JsonObject, reading: ReadContext, { placeOf, tell }: RulesetContext): ReadContext {
  const isPlaced = (node: Json) => placeOf(node).path !== null || placeOf(node).line !== null;
  return { ...reading, tell: (node, message) => tell(isPlaced(node) ? node : rule, message) };
}

function closeRule(body: JsonObject, reading: ReadContext, { placeOf, textOfRule }: RulesetContext): Rule {
  const { line } = placeOf(body);
  const statements = listOf(body, "expr");
  const comment = typeof body.comment === "string" ? ` comment "${body.comment}"` : "";
  const text = textOfRule(body) ?? statements.map(renderStatement).join(" ") + comment;
  return { ...readRuleBody(statements, body.comment, reading), ...(line === null ? {} : { line }), text };
}

function tellKept(kept: readonly JsonObject[]): readonly string[] {
  const names = kept.flatMap(({ table, chain }) => {
    if (isObject(table)) return [`the table ${table.family} ${table.name}`];
    return isObject(chain) && chain.family === "inet"
      ? [`the ${chain.hook} chain ${chain.name} of the table inet ${chain.table}`]
      : [];
  });
  return names.map((name) => `${name} is out of scope and is not examined`);
}

/** A chain that was made after those of a later table, at the same hook and priority, cannot be told from the order of tables. */
function tellTies(tables: readonly OpenTable[], { tell }: Pick<ReadContext, "tell">): readonly string[] {
  const bases = tables.flatMap((table, place) =>
    [...table.chains.values()].flatMap((chain) =>
      chain.base ? [{ ...chain, ...chain.base, place, table: table.name }] : [],
    ),
  );
  for (const one of bases)
    for (const other of bases) {
      const isTie = one.hook === other.hook && one.priority === other.priority;
      if (isTie && one.place < other.place && one.order > other.order)
        tell(
          one.node,
          `The chain ${one.name} is made after ${other.table} ${other.name}, at the same hook and priority; write the table ${one.table} in one piece.`,
        );
    }
  return [];
}
