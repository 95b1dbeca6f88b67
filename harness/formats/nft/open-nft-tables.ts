import { type BaseChain, TABLE_FAMILIES, type TableFamily } from "../../model/ruleset.ts";
import { isList, isObject, type Json, type JsonObject, listOf, numberOf, textOf } from "./ast.ts";
import { readBase, readPolicy, standAlike } from "./base-chain.ts";

/** A chain while commands change it. */
export interface OpenNftChain {
  readonly name: string;
  readonly base: BaseChain | null;
  /** Counts all chains in the order in which they were made. */
  readonly order: number;
  readonly rules: JsonObject[];
  readonly node: Json;
}

/** A table while commands change it; sets and maps are objects under `set NAME`. */
export interface OpenTable {
  readonly family: TableFamily;
  readonly name: string;
  isDormant: boolean;
  readonly chains: Map<string, OpenNftChain>;
  readonly objects: Map<string, JsonObject & { elem?: Json }>;
}

/** All tables while commands change them, and the objects that are kept without being understood. */
export interface OpenState {
  readonly tables: Map<string, OpenTable>;
  readonly kept: JsonObject[];
  made: number;
}

/** Does what a command says; gives what is wrong with it, or null. */
type Run = (verb: string, body: JsonObject, state: OpenState) => string | null;

const OTHER_FAMILIES = ["arp", "bridge", "netdev"];
const OBJECTS = ["set", "map", "counter", "quota", "limit", "ct helper", "ct timeout", "ct expectation"];
const OTHER_OBJECTS = ["secmark", "synproxy", "flowtable"];

/** Carries out one command on an object of nft (a table, chain, rule, set or map); gives what is wrong with it as a sentence, or null. */
export function applyNftCommand(verb: string, kind: string, body: JsonObject, state: OpenState): string | null {
  if (kind === "metainfo") return null;
  if (kind === "ruleset") return flushAll(verb, body, state);
  const family = textOf(body, "family") ?? "ip";
  if (OTHER_FAMILIES.includes(family)) return keep(kind, body, state);
  if (!TABLE_FAMILIES.some((known) => known === family))
    return `"${family}" is not a family of nftables; use ip, ip6 or inet.`;
  if (kind === "table") return runTable(verb, body, state);
  const key = `${family} ${textOf(body, "table")}`;
  const table = state.tables.get(key);
  if (table === undefined) return `There is no table ${key}.`;
  if (kind === "chain") return runChain(verb, body, table, state);
  if (kind === "rule") return runRule(verb, body, table, state);
  if (kind === "element") return runElement(verb, body, table);
  const isObjectKind = OBJECTS.includes(kind) || OTHER_OBJECTS.includes(kind);
  return isObjectKind
    ? runObject(verb, kind, body, table)
    : `landfall does not read nftables objects of the kind "${kind}".`;
}

/** Of one family where it is named, else of all. */
function flushAll(verb: string, body: JsonObject, { tables, kept }: OpenState): string | null {
  if (verb !== "flush") return `${verb} cannot be used with ruleset; use flush ruleset.`;
  const family = textOf(body, "family");
  const isMeant = (one: Json | undefined) => family === null || one === family;
  for (const [key, table] of tables) if (isMeant(table.family)) tables.delete(key);
  const left = kept.filter((object) => !Object.values(object).some((one) => isObject(one) && isMeant(one.family)));
  kept.splice(0, kept.length, ...left);
  return null;
}

function keep(kind: string, body: JsonObject, { kept }: OpenState): null {
  kept.push({ [kind]: body });
  return null;
}

/** Only `dormant` changes what a table does (man 8 nft, "TABLES"). */
const TABLE_FLAGS = ["dormant", "owner", "persist"];

const runTable: Run = (verb, body, { tables }) => {
  const name = textOf(body, "name");
  const family = TABLE_FAMILIES.find((known) => known === (body.family ?? "ip")) ?? "ip";
  if (name === null) return "A table needs a name.";
  const key = `${family} ${name}`;
  const known = tables.get(key);
  if (verb === "destroy" || (verb === "delete" && known)) {
    tables.delete(key);
    return null;
  }
  if (verb === "flush" && known) return flushTable(known);
  if (verb === "delete" || verb === "flush") return `There is no table ${key} to ${verb}.`;
  if (verb === "create" && known) return `The table ${key} exists already.`;
  // nft 1.0.6 prints the table's own name for the flag in a listing (table_print_json in src/json.c).
  const flags = listOf(body, "flags");
  const isDormant = flags.some((flag) => flag === "dormant" || flag === name);
  if (!flags.every((flag) => flag === name || TABLE_FLAGS.includes(String(flag))))
    return `The flags of the table ${key} are not ${TABLE_FLAGS.join(", ")}; nft 1.0.6 misprints them in JSON. Give what nft list ruleset prints without -j.`;
  // Without the flag a table that slept wakes up.
  if (known) known.isDormant = isDormant;
  else tables.set(key, { family, name, isDormant, chains: new Map(), objects: new Map() });
  return null;
};

function flushTable({ chains }: OpenTable): null {
  for (const chain of chains.values()) chain.rules.length = 0;
  return null;
}

function runChain(verb: string, body: JsonObject, table: OpenTable, state: OpenState): string | null {
  const name = textOf(body, "name");
  if (name === null) return "A chain needs a name.";
  const known = table.chains.get(name);
  if (verb === "flush") {
    known?.rules.splice(0);
    return null;
  }
  if (verb !== "add" && verb !== "create") return unread(verb, "chain");
  if (body.hook === "ingress" || body.hook === "egress") return keep("chain", body, state);
  const base = readBase(body);
  if (typeof base === "string") return base;
  if (known === undefined) table.chains.set(name, { name, base, order: state.made++, rules: [], node: body });
  else return changeChain(known, base, body, table);
  return null;
}

/** A chain that is there keeps its place and, where none is given, its policy (nf_tables_updchain). */
function changeChain(known: OpenNftChain, base: BaseChain | null, body: JsonObject, table: OpenTable): string | null {
  if (base !== null && (known.base === null || !standAlike(known.base, base)))
    return `The chain ${known.name} is there already, ${known.base === null ? "without a hook" : "with another hook, type or priority"}; the kernel refuses this.`;
  if (body.policy === undefined || known.base === null) return null;
  const policy = readPolicy(body);
  if (policy === undefined) return `"${body.policy}" is not a policy; use accept or drop.`;
  table.chains.set(known.name, { ...known, base: { ...known.base, policy } });
  return null;
}

function runRule(verb: string, body: JsonObject, table: OpenTable, state: OpenState): string | null {
  const name = textOf(body, "chain") ?? "";
  if (state.kept.some(({ chain }) => isChain(chain, name, table))) return keep("rule", body, state);
  const chain = table.chains.get(name);
  if (chain === undefined) return `The table ${table.name} has no chain ${name}.`;
  if (!isList(body.expr)) return "A rule needs a list of statements, expr.";
  if (verb !== "add" && verb !== "create" && verb !== "insert") return unread(verb, "rule");
  if (body["position"] !== undefined)
    return "landfall does not read handles as rule positions; use index, or write the rules in order.";
  const index = numberOf(body, "index");
  const { length } = chain.rules;
  if (index !== null && index >= length)
    return `The chain ${name} has ${length} rules, so there is none at index ${index}.`;
  const place = placeOf(verb, index, length);
  // Splicing makes a list each time, and nearly every rule comes last.
  if (place === length) chain.rules.push(body);
  else chain.rules.splice(place, 0, body);
  return null;
}

/** `add` puts a rule behind the one that is named, or last; `insert` before it, or first (nft(8), RULES). */
function placeOf(verb: string, index: number | null, length: number): number {
  if (verb === "insert") return index ?? 0;
  return index === null ? length : index + 1;
}

function isChain(chain: Json | undefined, name: string, { family, name: table }: OpenTable): boolean {
  return isObject(chain) && chain.name === name && chain.table === table && chain.family === family;
}

function runElement(verb: string, body: JsonObject, table: OpenTable): string | null {
  const name = textOf(body, "name");
  const set = table.objects.get(`set ${name}`);
  if (verb !== "add" && verb !== "create") return unread(verb, "element");
  if (set === undefined) return `The table ${table.name} has no set or map ${name}.`;
  set.elem = [...listOf(set, "elem"), ...listOf(body, "elem")];
  return null;
}

function runObject(verb: string, kind: string, body: JsonObject, table: OpenTable): string | null {
  const name = textOf(body, "name");
  if (name === null) return `A ${kind} needs a name.`;
  if (verb !== "add" && verb !== "create") return unread(verb, kind);
  const key = kind === "map" ? `set ${name}` : `${kind} ${name}`;
  const known = table.objects.get(key);
  if (known === undefined) table.objects.set(key, { ...body, kind });
  else known.elem = [...listOf(known, "elem"), ...listOf(body, "elem")];
  return null;
}

function unread(verb: string, kind: string): string {
  return `landfall does not read "${verb} ${kind}"; give the rules as nft list ruleset prints them.`;
}
