import type { NameLookup } from "../../model/name-lookups.ts";
import { MAX_PORT } from "../../model/pod.ts";
import { describeFallingRange } from "../values.ts";
import type { ColumnNote } from "./given.ts";
import { nameElement, STAR_FAULT, splitElements } from "./list.ts";
import { explainNumber, parseIptablesNumber } from "./numbers.ts";
import { readNumberAsOriginal, warnOfOriginal } from "./original-lists.ts";

/** What a text says as a port or a range, both ends included; or what is wrong with it, as the end of a sentence. */
type PortRange = { readonly first: number; readonly last: number } | { readonly fault: string };

/**
 * Gives one port, 1–65535, from a number or a service name, or null with a note: the grammar of {@link readPorts} without its ranges.
 * Blanks around it are trimmed, with a warning where the original does not read them.
 */
export function readNamedPort(text: string, lookUp: NameLookup, note: ColumnNote, warn: ColumnNote): number | null {
  const range = readRange(text.trim(), lookUp);
  if ("first" in range && range.first === range.last) {
    warnOfOriginal(text, readNumberAsOriginal(text), warn);
    return range.first;
  }
  const isDashed = /^\s*\d+-\d+\s*$/.test(text);
  const original = isDashed ? " (The original has the kernel choose a port of the range for each connection.)" : "";
  if ("first" in range || isDashed)
    note(`"${text}" is a range, but the proxy listens on one port; give one port.${original}`);
  else note(`"${text}" ${range.fault}`);
  return null;
}

/**
 * Gives a list of ports and ranges as iptables prints them (`80`, `8000:8100`), in order, with duplicates; service names are resolved,
 * `8000:` means up to 65535, and `:8000` from 0, as iptables has it. Notes every element that is not one; warns of every element that the
 * original does not read.
 */
export function readPorts(text: string, lookUp: NameLookup, note: ColumnNote, warn: ColumnNote): readonly string[] {
  return splitElements(text, note).flatMap((element) => {
    const range = readRange(element.text, lookUp);
    if ("fault" in range) {
      note(`${nameElement(element)} ${range.fault}`, element.column);
      return [];
    }
    warnOfOriginal(element, readNumberAsOriginal(element.raw), warn);
    return range.first === range.last ? [`${range.first}`] : [`${range.first}:${range.last}`];
  });
}

/** Port 0 counts as the beginning of a range alone: no connection has it, and iptables prints `:80` as `0:80`. */
function readRange(text: string, lookUp: NameLookup): PortRange {
  if (text === "*") return { fault: STAR_FAULT };
  const [firstText = "", lastText, ...more] = text.split(":");
  const first = firstText === "" && lastText !== undefined ? 0 : readEnd(firstText, lookUp);
  const last = lastText === undefined ? first : lastText === "" ? MAX_PORT : readEnd(lastText, lookUp);
  if (text === ":")
    return {
      fault: "has no port at either end. (The original makes a rule for every port.) Write 1:65535 for every port.",
    };
  if (more.length > 0 || first === null || last === null || last === 0) return { fault: faultOf(text) };
  if (first > last)
    return {
      fault: `${describeFallingRange(first, last, ":")} (The original stops halfway at this point.)`,
    };
  return { first, last };
}

function readEnd(text: string, lookUp: NameLookup): number | null {
  const port = parseIptablesNumber(text) ?? (/^\d*$/.test(text) ? null : lookUp(text));
  return port !== null && port <= MAX_PORT ? port : null;
}

function faultOf(text: string): string {
  const dash = /^(\d+)-(\d+)$/.exec(text);
  if (dash) return `is not a range of ports; write ${dash[1]}:${dash[2]}. (The original stops halfway at this point.)`;
  if (text === "")
    return `is not a port; use a number from 1 to ${MAX_PORT}, or a service name. (The original stops halfway at this point.)`;
  if (parseIptablesNumber(text) === 0)
    return `is not a port that a connection can have; use 1 to ${MAX_PORT}. (The original makes a rule that never matches, or a redirection to port 0.)`;
  if (/^\d+$/.test(text))
    return `is not a port${explainNumber(text)}; use 1 to ${MAX_PORT}. (The original stops halfway at this point.)`;
  if (/\s/.test(text)) return "contains a space; separate ports by commas. (The original stops halfway at this point.)";
  return `is not a port (1 to ${MAX_PORT}), a range (8000:8100, 8000:, :8100) or a service name in /etc/services. (The original stops halfway at this point.)`;
}
