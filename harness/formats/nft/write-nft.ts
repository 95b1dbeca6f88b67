import { LandfallError } from "../../errors.ts";
import { codedFinding } from "../../model/finding.ts";
import type { Chain, Rule, Table } from "../../model/ruleset.ts";
import { isList, type Json, type JsonObject, listOf } from "./ast.ts";
import { parseStatement } from "./parse-statement.ts";
import { renderElement, renderStatement } from "./render-text.ts";
import { writeRuleBody } from "./write-rule.ts";

/**
 * Gives tables in nft's language, as `nft -f` takes them and `nft list ruleset` prints them but for spaces, folded masks and the order of
 * set elements; the inverse of `readNftText`. Throws `bad-input` with every rule that nft has no words for: matches of iptables, and what
 * `nft list ruleset` has shown of them.
 *
 * @example table inet t { chain o { type nat hook output priority -100; policy accept; tcp dport 80 redirect to :15001 } }
 */
export function renderNftText(tables: readonly Table[]): string {
  const faults: string[] = [];
  const text = tables.map((table) => renderTable(table, faults)).join("");
  refuseFaults(faults);
  return text;
}

/**
 * Gives tables as `nft -j -f` takes them; the inverse of `readNftJson`. Chains stand before maps, which may lead to them. Throws as
 * {@link renderNftText}, and for a dormant table and a set with typeof, which nft's JSON cannot say.
 */
export function renderNftJson(tables: readonly Table[]): string {
  const faults: string[] = [];
  const nftables = tables.flatMap((table) => writeTable(table, faults));
  refuseFaults(faults);
  return `${JSON.stringify({ nftables }, null, 2)}\n`;
}

function refuseFaults(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const findings = faults.map((fault) => codedFinding("rule-fault", "nft", fault));
  throw new LandfallError("bad-input", "Some rules cannot be written in nft's language.", { findings });
}

function statementsOf(rule: Rule, chain: Chain, table: Table, faults: string[]): readonly Json[] {
  const written = writeRuleBody(rule, parseStatement);
  const isOpaque = written?.some(
    (statement) => typeof statement === "object" && statement !== null && "xt" in statement,
  );
  if (written !== null && !isOpaque) return written;
  faults.push(
    `${table.family} ${table.name} ${chain.name}: "${rule.text ?? "a rule"}" holds what nft has no words for.`,
  );
  return [];
}

function commentOf({ matches }: Rule): string | null {
  const comment = matches.find((match) => match.kind === "comment");
  return comment?.kind === "comment" ? comment.text : null;
}

function renderTable(table: Table, faults: string[]): string {
  const flags = table.isDormant ? ["  flags dormant;"] : [];
  const objects = (table.objects ?? []).flatMap((object) => renderObject(object as JsonObject, table, faults));
  const chains = table.chains.flatMap((chain) => [
    `  chain ${chain.name} {`,
    ...renderBase(chain),
    ...chain.rules.map((rule) => `    ${renderRule(rule, chain, table, faults)}`),
    "  }",
  ]);
  return [`table ${table.family} ${table.name} {`, ...flags, ...objects, ...chains, "}", ""].join("\n");
}

function renderBase({ base }: Chain): readonly string[] {
  if (base === null) return [];
  const { type, hook, priority, policy } = base;
  return [`    type ${type} hook ${hook} priority ${priority}; policy ${policy.toLowerCase()};`];
}

function renderRule(rule: Rule, chain: Chain, table: Table, faults: string[]): string {
  const comment = commentOf(rule);
  const statements = statementsOf(rule, chain, table, faults).map(renderStatement);
  return [...statements, ...(comment === null ? [] : [`comment "${comment}"`])].join(" ");
}

function renderObject(object: JsonObject, { family, name: table }: Table, faults: string[]): readonly string[] {
  const { kind, name } = object;
  if (kind !== "set" && kind !== "map") {
    const text = kind === "counter" ? "" : textOfObject(object);
    if (text === null) faults.push(`${family} ${table}: landfall cannot write the ${kind} ${name} in nft's language.`);
    return [`  ${kind} ${name} {`, ...(text ? [`    ${text}`] : []), "  }"];
  }
  const elements = listOf(object, "elem").map(renderElement);
  const flags = listOf(object, "flags").map(String);
  const times = (["timeout", "gc-interval"] as const).flatMap((key) =>
    typeof object[key] === "number" ? [`    ${key} ${object[key]}s`] : [],
  );
  return [
    `  ${kind} ${name} {`,
    typeof object["typeof"] === "string" ? `    typeof ${object["typeof"]}` : `    type ${typeText(object)}`,
    ...(flags.length > 0 ? [`    flags ${flags.join(", ")}`] : []),
    ...times,
    ...(typeof object["size"] === "number" ? [`    size ${object["size"]}`] : []),
    ...(object["auto-merge"] === true ? ["    auto-merge"] : []),
    ...(elements.length > 0 ? [`    elements = { ${elements.join(", ")} }`] : []),
    "  }",
  ];
}

/** What stands between an object's braces: as the text had it, or as it follows from JSON; null where it does not. */
function textOfObject(object: JsonObject): string | null {
  const { kind, text, bytes, used, inv, rate, rate_unit, per, burst, burst_unit } = object;
  if (typeof text === "string") return text;
  const over = inv ? "over " : "";
  if (kind === "quota") return `${over}${String(bytes)} bytes used ${String(used ?? 0)} bytes`;
  if (kind !== "limit") return null;
  const unit = rate_unit === undefined ? "" : ` ${String(rate_unit)}`;
  return `rate ${over}${String(rate)}${unit}/${String(per)} burst ${String(burst ?? 5)} ${String(burst_unit ?? "packets")}`;
}

/** Texts have a type in one piece, `ipv4_addr . inet_service : verdict`; JSON has a list, and apart from it what a map holds. */
function typeText({ type, map }: JsonObject): string {
  const key = isList(type) ? type.map(String).join(" . ") : String(type);
  const data = isList(map) ? map.map(String).join(" . ") : map;
  return data === undefined ? key : `${key} : ${String(data)}`;
}

function typeJson({ type, map }: JsonObject): JsonObject {
  const [key = "", data] = typeText({ type: type ?? "", ...(map === undefined ? {} : { map }) }).split(" : ");
  const parts = (text: string): Json => (text.includes(" . ") ? text.split(" . ") : text);
  return { type: parts(key), ...(data === undefined ? {} : { map: parts(data) }) };
}

function writeTable(table: Table, faults: string[]): readonly Json[] {
  const { family, name } = table;
  const place = { family, table: name };
  if (table.isDormant)
    faults.push(`${family} ${name}: nft's JSON has no flag that it reads for a dormant table; use its language.`);
  const untyped = (table.objects ?? []).filter((object) => typeof object["typeof"] === "string");
  for (const object of untyped)
    faults.push(`${family} ${name}: nft's JSON has no typeof, as the set ${object["name"]} has; use its language.`);
  const worded = (table.objects ?? []).filter((object) => typeof object["text"] === "string");
  for (const { kind, name: own } of worded)
    faults.push(`${family} ${name}: landfall cannot write the ${kind} ${own} in JSON; use nft's language.`);
  const objects = (table.objects ?? []).map((object): Json => {
    const { kind, handle: _, ...body } = object as JsonObject & { readonly kind: string };
    return {
      [kind]: kind === "set" || kind === "map" ? { ...body, ...place, ...typeJson(body) } : { ...body, ...place },
    };
  });
  const chains = table.chains.map((chain): Json => ({ chain: { ...place, name: chain.name, ...writeBase(chain) } }));
  const rules = table.chains.flatMap((chain) =>
    chain.rules.map((rule): Json => {
      const comment = commentOf(rule);
      const expr = statementsOf(rule, chain, table, faults);
      return { rule: { ...place, chain: chain.name, ...(comment === null ? {} : { comment }), expr } };
    }),
  );
  return [{ table: { family, name } }, ...chains, ...objects, ...rules];
}

function writeBase({ base }: Chain): JsonObject {
  if (base === null) return {};
  return { type: base.type, hook: base.hook, prio: base.priority, policy: base.policy.toLowerCase() };
}
