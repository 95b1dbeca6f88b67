import type { NameLookup } from "../model/name-lookups.ts";
import { MAX_PORT } from "../model/pod.ts";
import type { Note } from "./given.ts";
import { type Element, nameElement, STAR_FAULT, splitList } from "./list.ts";
import { explainNumber, parseNumber } from "./numbers.ts";

/**
 * Gives a list of ports and ranges as iptables prints them (`80`, `8000:8100`), in order, with duplicates; service names are resolved, and
 * `8000:` means up to 65535. Notes every element that is none.
 */
export function readPorts(text: string, lookUp: NameLookup, note: Note): readonly string[] {
  return splitList(text, note).flatMap((element) => {
    const ports = readElement(element, lookUp);
    if (typeof ports === "string") return [ports];
    note(`${nameElement(element)} ${ports.fault}`, element.column);
    return [];
  });
}

function readElement({ text }: Element, lookUp: NameLookup): string | { readonly fault: string } {
  if (text === "*") return { fault: STAR_FAULT };
  const [firstText = "", lastText, ...more] = text.split(":");
  const first = readEnd(firstText, lookUp);
  const last = lastText === undefined ? first : lastText === "" ? MAX_PORT : readEnd(lastText, lookUp);
  if (more.length > 0 || first === null || last === null) return { fault: portFault(text) };
  if (first > last) return { fault: `is a range from ${first} down to ${last}; write ${last}:${first}.` };
  return first === last ? `${first}` : `${first}:${last}`;
}

function readEnd(text: string, lookUp: NameLookup): number | null {
  const port = parseNumber(text) ?? (/^\d*$/.test(text) ? null : lookUp(text));
  return port !== null && port >= 1 && port <= MAX_PORT ? port : null;
}

function portFault(text: string): string {
  const why = explainNumber(text);
  const dash = /^(\d+)-(\d+)$/.exec(text);
  if (dash) return `is no range of ports; write ${dash[1]}:${dash[2]}.`;
  if (/^\d+$/.test(text)) return `is no port${why}; use 1 to ${MAX_PORT}.`;
  if (/\s/.test(text)) return "holds a blank; separate ports by commas.";
  return `is neither a port (1 to ${MAX_PORT}), a range (8000:8100) nor a service name that /etc/services knows.`;
}
