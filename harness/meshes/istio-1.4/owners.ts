import type { NameLookup } from "../../model/name-lookups.ts";
import { MAX_ID } from "../../model/pod.ts";
import { describeFallingRange } from "../values.ts";
import type { ColumnNote } from "./given.ts";
import { type Element, nameElement, STAR_FAULT, splitElements } from "./list.ts";
import { explainNumber, parseIptablesNumber } from "./numbers.ts";
import { readNumberAsOriginal, warnOfOriginal } from "./original-lists.ts";

/**
 * Gives a list of owners as iptables prints them (`1337`, `1000-2000`), in order, with duplicates; names are resolved.
 * `what` is `uid` or `gid`, for the notes.
 */
export function readOwners(
  text: string,
  what: "uid" | "gid",
  lookUp: NameLookup,
  note: ColumnNote,
  warn: ColumnNote,
): readonly string[] {
  return splitElements(text, note).flatMap((element) => {
    const ids = readElement(element, what, lookUp);
    if (typeof ids === "string") {
      warnOfOriginal(element, readNumberAsOriginal(element.raw), warn);
      return [ids];
    }
    note(`${nameElement(element)} ${ids.fault}`, element.column);
    return [];
  });
}

function readElement({ text }: Element, what: "uid" | "gid", lookUp: NameLookup): string | { readonly fault: string } {
  if (text === "*") return { fault: STAR_FAULT };
  // A name first, be it made of digits: so iptables reads it (libxt_owner.c).
  const named = lookUp(text) ?? parseIptablesNumber(text);
  if (named !== null && named <= MAX_ID) return `${named}`;
  const [first, last] = text.split("-").map(parseIptablesNumber);
  if (first === undefined || first === null || last === undefined || last === null)
    return { fault: ownerFault(text, what) };
  if (text.split("-").length > 2 || Math.max(first, last) > MAX_ID) return { fault: ownerFault(text, what) };
  if (first > last) return { fault: describeFallingRange(first, last, "-") };
  return first === last ? `${first}` : `${first}-${last}`;
}

function ownerFault(text: string, what: "uid" | "gid"): string {
  if (/\s/.test(text)) return `contains a space; separate ${what}s by commas.`;
  if (/^\d+$/.test(text)) return `is no ${what}${explainNumber(text)}; use 0 to ${MAX_ID}.`;
  const kind = what === "uid" ? "user" : "group";
  return `is neither a ${what}, nor a range (1000-2000), nor the name of a ${kind} known here.`;
}
