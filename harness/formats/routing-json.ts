import type { Family } from "../model/address.ts";
import { codedFinding, type Finding } from "../model/finding.ts";
import { isRecord } from "../model/records.ts";

/** A line of `ip rule` or `ip route`, in `ip`'s words; the family that the text itself says it is of, or null. */
export interface RoutingLine {
  /** Where it stands in the text, from 1. */
  readonly line: number;
  readonly kind: "rule" | "route" | "address";
  readonly text: string;
  readonly family: Family | null;
}

type Fields = Readonly<Record<string, unknown>>;

/** What `ip -j rule` calls the words of a rule; every other key becomes a word of its own, which makes the rule one that is not known. */
const RULE_KEYS: Readonly<Record<string, string>> = { iif: "iif", table: "lookup", fwmark: "fwmark" };
/** Keys of a rule that are read with another, or that select nothing. */
const PASSED_OVER = ["priority", "src", "srclen", "dst", "dstlen", "fwmask", "uid_start", "uid_end", "protocol"];
const ROUTE_KEYS: Readonly<Record<string, string>> = {
  ...{ gateway: "via", dev: "dev", table: "table", metric: "metric", scope: "scope", protocol: "proto", pref: "pref" },
  ...{ prefsrc: "src" },
};

/**
 * Reads JSON of `ip -j rule` and `ip -j route show table all`, one document behind the other, as the lines that `ip` prints without `-j`.
 * What is neither a rule nor a route is added to the findings.
 */
export function readRoutingJson(text: string, where: string, findings: Finding[]): readonly RoutingLine[] {
  return splitDocuments(text).flatMap(({ json, line }) => {
    const entries = parseEntries(json);
    if (entries === null) {
      const message = "This is not what ip -j prints: a list of rules or of routes; give the output as it is.";
      findings.push(codedFinding("malformed-text", where, message, line, 1));
      return [];
    }
    return entries.flatMap((entry): readonly RoutingLine[] => {
      if (typeof entry["priority"] === "number") return [{ line, kind: "rule", text: renderRule(entry), family: null }];
      if (typeof entry["dst"] === "string") return [{ line, kind: "route", text: renderRoute(entry), family: null }];
      const keys = Object.keys(entry).join(", ");
      const message = `An entry with ${keys || "no key"} is neither a rule nor a route; remove it.`;
      findings.push(codedFinding("malformed-text", where, message, line, 1));
      return [];
    });
  });
}

function parseEntries(json: string): readonly Fields[] | null {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) && value.every(isRecord) ? value : null;
  } catch {
    return null;
  }
}

/** Cuts a text behind each bracket that closes the first one. */
function splitDocuments(text: string): readonly { readonly json: string; readonly line: number }[] {
  const documents: { json: string; line: number }[] = [];
  let [depth, start] = [0, 0];
  // A text in quotes is passed over whole.
  for (const { 0: sign, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
    if (sign === "[" || sign === "{") depth++;
    if (sign === "]" || sign === "}") depth--;
    if (depth !== 0 || sign.startsWith('"')) continue;
    documents.push(cut(text, start, index + 1));
    start = index + 1;
  }
  return text.slice(start).trim() === "" ? documents : [...documents, cut(text, start, text.length)];
}

function cut(text: string, start: number, end: number) {
  const first = start + (text.slice(start).match(/^\s*/)?.[0].length ?? 0);
  return { json: text.slice(start, end), line: text.slice(0, first).split("\n").length };
}

function renderRule(entry: Fields): string {
  const network = (address: unknown, length: unknown) =>
    typeof length === "number" ? `${address}/${length}` : `${address}`;
  const words = Object.entries(entry).flatMap(([key, value]) => {
    if (PASSED_OVER.includes(key) || (key === "action" && value === "to_tbl")) return [];
    const word = RULE_KEYS[key] ?? key;
    return [word, key === "fwmark" && "fwmask" in entry ? `${value}/${entry["fwmask"]}` : (value ?? "")];
  });
  const { src = "all", srclen, dst, dstlen, uid_start: first, uid_end: last } = entry;
  return [
    ...[`${entry["priority"]}:`, "from", network(src, srclen)],
    ...(dst === undefined ? [] : ["to", network(dst, dstlen)]),
    ...(first === undefined ? [] : ["uidrange", `${first}-${last}`]),
    ...words,
  ].join(" ");
}

function renderRoute(entry: Fields): string {
  const words = Object.entries(entry).flatMap(([key, value]) => {
    if (["type", "dst", "flags"].includes(key)) return [];
    return [ROUTE_KEYS[key] ?? key, typeof value === "object" ? JSON.stringify(value) : value];
  });
  const kind = entry["type"] === undefined || entry["type"] === "unicast" ? [] : [entry["type"]];
  return [...kind, entry["dst"], ...words].join(" ");
}
