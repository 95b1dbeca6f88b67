import type { Note } from "./given.ts";
import { type Element, nameElement, STAR_FAULT, splitList } from "./list.ts";
import { explainNumber, parseNumber } from "./numbers.ts";

/** Gives the number of a TCP service, or null where the name is not known. */
export type ServiceLookup = (name: string) => number | null;

/**
 * Gives a list of ports and ranges as iptables prints them (`80`, `8000:8100`), in order, with duplicates; service names are resolved, and
 * `8000:` means up to 65535. Notes every element that is none.
 */
export function readPorts(text: string, lookUp: ServiceLookup, note: Note): readonly string[] {
  return splitList(text, note).flatMap((element) => {
    const ports = readElement(element, lookUp);
    if (typeof ports === "string") return [ports];
    note(`${nameElement(element)} ${ports.fault}`, element.column);
    return [];
  });
}

function readElement({ text }: Element, lookUp: ServiceLookup): string | { readonly fault: string } {
  if (text === "*") return { fault: STAR_FAULT };
  const [firstText = "", lastText, ...more] = text.split(":");
  const first = readEnd(firstText, lookUp);
  const last = lastText === undefined ? first : lastText === "" ? 65535 : readEnd(lastText, lookUp);
  if (more.length > 0 || first === null || last === null) return { fault: portFault(text) };
  if (first > last) return { fault: `is a range from ${first} down to ${last}; write ${last}:${first}.` };
  return first === last ? `${first}` : `${first}:${last}`;
}

function readEnd(text: string, lookUp: ServiceLookup): number | null {
  const port = parseNumber(text) ?? (/^\d*$/.test(text) ? null : lookUp(text));
  return port !== null && port >= 1 && port <= 65535 ? port : null;
}

function portFault(text: string): string {
  const why = explainNumber(text);
  const dash = /^(\d+)-(\d+)$/.exec(text);
  if (dash) return `is no range of ports; write ${dash[1]}:${dash[2]}.`;
  if (/^\d+$/.test(text)) return `is no port${why}; use 1 to 65535.`;
  if (/\s/.test(text)) return "holds a blank; separate ports by commas.";
  return "is neither a port (1 to 65535), a range (8000:8100) nor a service name that /etc/services knows.";
}
