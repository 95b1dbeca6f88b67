import type { IptablesVariant, LoadedListing } from "../../agent/protocol.ts";
import { LandfallError } from "../../errors.ts";
import { isList, isObject, type Json, type JsonObject } from "../../formats/nft/ast.ts";
import type { GivenRules, LoadableTexts } from "../../model/given-rules.ts";
import { NO_POLICY_ROUTING } from "../../model/policy-routing.ts";
import { TABLE_FAMILIES } from "../../model/ruleset.ts";
import { escapeInvisible } from "../../model/visible-text.ts";
import type { Station } from "../station.ts";
import { renderRules } from "./rules-by-tool.ts";

/** Where texts are loaded: the variant of iptables, and whether the pod has the files of this machine. */
export interface ReadingPlace {
  readonly variant: IptablesVariant;
  readonly files: "own" | "shared";
}

/**
 * Loads a text as it is, then what landfall has read in it, and compares what the kernel has. Throws `rules-misread` with the first
 * difference. Gives a sentence where a tool does not take the text, but takes what was read in it: landfall is not as strict, and nothing
 * can be compared; else null.
 *
 * Nothing is said where what was read cannot be loaded either: whoever installs it hears why. Not compared is a text with names of users or
 * services where the pod has files of its own, and knows others. Counters, handles, comments of tables, sizes and times of sets are no
 * difference: where a rule leads depends on none of them, or landfall says by name that it does not know.
 *
 * @example await checkReading(given, station, { variant: "default", files: "shared" })
 */
export async function checkReading(
  given: GivenRules,
  pod: Station,
  { variant, files }: ReadingPlace,
): Promise<string | null> {
  const texts = given.texts();
  const rendered = renderRead(texts, given.read);
  if (rendered === null || (files === "own" && given.namesFrom === "this-machine")) return null;
  const { agent, namespace } = pod;
  const listLoaded = (some: LoadableTexts) => agent.call("list-loaded", { namespace, variant, ...some });
  const asRead = await listLoaded(rendered);
  if ("refusal" in asRead) return null;
  const asGiven = await listLoaded(texts);
  if ("refusal" in asGiven) return given.isWhole ? describeRefusal(given.where, asGiven.refusal) : null;
  const difference = findDifference(asGiven, asRead);
  if (difference === null) return null;
  const message = `landfall reads ${given.where} otherwise than the kernel, so nothing was judged: ${difference}. This is a defect of landfall; please report it with the file. To test these rules meanwhile, load them with --rules-script.`;
  throw new LandfallError("rules-misread", message);
}

/** A tool says the place and repeats the line; its first line is enough. */
function describeRefusal(where: string, refusal: string): string {
  const [first = ""] = refusal.split("\n");
  return `${where} is refused as it stands, so nobody can load it before it is corrected; judged is what landfall read in it. The tool says: ${escapeInvisible(first)}`;
}

/** Null where what was read has no form that a tool loads: then it cannot be put in either. */
function renderRead({ ip, ip6, nft }: LoadableTexts, read: GivenRules["read"]): LoadableTexts | null {
  try {
    const rendered = renderRules({ ...read, policyRouting: NO_POLICY_ROUTING });
    return { ip: ip && (rendered.ip ?? ""), ip6: ip6 && (rendered.ip6 ?? ""), nft: nft && (rendered.nft ?? "") };
  } catch (error) {
    if (error instanceof LandfallError && error.code === "bad-input") return null;
    throw error;
  }
}

/** Parts of the rules by their names, each with its lines: `{ "the chain OUTPUT of the table nat": ["-A OUTPUT -j …"] }`. */
type Parts = ReadonlyMap<string, readonly string[]>;

/** Gives the first difference between two listings in words; null where there is none. */
function findDifference(given: LoadedListing, read: LoadedListing): string | null {
  return (
    compareParts(listSaved(given.ip, "IPv4"), listSaved(read.ip, "IPv4")) ??
    compareParts(listSaved(given.ip6, "IPv6"), listSaved(read.ip6, "IPv6")) ??
    compareParts(listNft(given.nft), listNft(read.nft))
  );
}

function compareParts(given: Parts, read: Parts): string | null {
  for (const [name, lines] of given) {
    const others = read.get(name);
    if (others === undefined) return `the kernel has ${name}, which landfall does not`;
    const at = Array.from({ length: Math.max(lines.length, others.length) }).findIndex(
      (_, i) => lines[i] !== others[i],
    );
    if (at >= 0) return `in ${name} the kernel has ${quote(lines[at])}, and landfall ${quote(others[at])}`;
  }
  const added = [...read.keys()].find((name) => !given.has(name));
  return added === undefined ? null : `landfall has ${added}, which the kernel does not`;
}

const QUOTED_AT_MOST = 200;

function quote(line: string | undefined): string {
  if (line === undefined) return "nothing more";
  return `"${escapeInvisible(line.length > QUOTED_AT_MOST ? `${line.slice(0, QUOTED_AT_MOST)}…` : line)}"`;
}

/** Reads what iptables-save prints, by tables and chains. */
function listSaved(text: string | null, family: string): Parts {
  const parts = new Map<string, string[]>();
  let table = "";
  for (const counted of text?.split("\n") ?? []) {
    const line = counted.replace(/^\[\d+:\d+\] /, "");
    const chain = /^(?::|-A )(\S+)/.exec(line)?.[1];
    if (line.startsWith("*")) table = line.slice(1);
    if (chain === undefined) continue;
    const name = `the chain ${chain} of the ${family} table ${table}`;
    const lines = parts.get(name) ?? [];
    parts.set(name, lines);
    lines.push(line.startsWith(":") ? line.replace(/ \[\d+:\d+\]$/, "") : line);
  }
  return parts;
}

/** Reads what nft -j prints, by tables, chains and sets. Only where a table has flags is it no JSON (`list` of nft-rules.ts). */
function listNft(text: string | null): Parts {
  if (text !== null && !text.startsWith("{")) return new Map([["a table with flags", []]]);
  const parts = new Map<string, string[]>();
  const { nftables }: { readonly nftables: readonly JsonObject[] } =
    text === null ? { nftables: [] } : JSON.parse(text);
  // The tables of other families are no part of what was read.
  for (const object of nftables)
    for (const [kind, body] of Object.entries(object))
      if (isObject(body) && TABLE_FAMILIES.some((family) => family === body.family)) addPart(parts, kind, body);
  return parts;
}

function addPart(parts: Map<string, string[]>, kind: string, body: JsonObject): void {
  const { family, table, name, chain, type, hook, prio, policy, dev, map } = body;
  const of = `of the table ${family} ${table}`;
  if (kind === "table") parts.set(`the table ${family} ${name}`, [textOf(body.flags)]);
  else if (kind === "chain")
    parts.set(`the chain ${name} ${of}`, [[type, hook, prio, policy, dev].map(textOf).join(" ")]);
  else if (kind === "rule") parts.get(`the chain ${chain} ${of}`)?.push(textOf(body.expr));
  else if (kind === "set" || kind === "map")
    parts.set(`the ${kind} ${name} ${of}`, [textOf(type), textOf(map), ...listElements(body)]);
}

/** The kernel lists them in no order. */
function listElements({ elem }: JsonObject): readonly string[] {
  return isList(elem) ? elem.map((one) => textOf(bareElement(one))).sort() : [];
}

/** An element may be written with a comment, a counter or a time: `{ elem: { val: "10.0.0.1", timeout: 60 } }`. */
function bareElement(element: Json): Json {
  if (isList(element)) return element.map(bareElement);
  if (isObject(element) && isObject(element.elem)) return element.elem.val ?? null;
  return element;
}

/** A rule as one text; what its counters have counted is left out. */
function textOf(value: Json | undefined): string {
  return JSON.stringify(value ?? null, (key, part) =>
    key === "counter" || key === "handle" || key === "comment" ? (typeof part === "string" ? part : null) : part,
  );
}
