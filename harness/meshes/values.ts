import { canonicalAddress, parseNetwork } from "../model/address.ts";
import type { Range } from "../model/match.ts";
import { MAX_ID, MAX_PORT } from "../model/pod.ts";

/** Takes what is wrong with a setting's value, as one or more whole sentences. */
export type Note = (message: string) => void;

/** Reads a port from 1 to 65535; notes what is wrong and gives null. */
export function readPort(text: string, note: Note): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= MAX_PORT) return port;
  note(`"${text}" is not a port; use 1 to ${MAX_PORT}.`);
  return null;
}

/** Says of a range that it falls, and how to write it: `is a range from 9 down to 5; write 5-9.` */
export function describeFallingRange(first: number, last: number, separator: "-" | ":"): string {
  return `is a range from ${first} down to ${last}; write ${last}${separator}${first}.`;
}

/** Reads a uid or gid; notes what is wrong and gives null. */
export function readId(text: string, note: Note): number | null {
  const id = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (id >= 0 && id <= MAX_ID) return id;
  note(`"${text}" is not a numeric id; use 0 to ${MAX_ID}.`);
  return null;
}

/**
 * Reads `80` or, with the separator that the tool takes, `8000-8100`; notes what is wrong and gives null. A range may begin at 0: the tools
 * take `0-65535` for every port. With `:`, which iptables reads, an end that is left out is the first or the last port.
 *
 * @example
 * readPortRange(":1023", ":", note)   // { first: 0, last: 1023 }
 */
export function readPortRange(text: string, separator: "-" | ":", note: Note): Range | null {
  const whole = separator === ":" ? text.replace(/^:(?=\d)/, "0:").replace(/(?<=\d):$/, `:${MAX_PORT}`) : text;
  const [first, last, ...rest] = whole
    .split(separator)
    .map((end) => (/^\d{1,5}$/.test(end) ? Number(end) : Number.NaN));
  const end = last ?? first;
  const least = last === undefined ? 1 : 0;
  if (
    first !== undefined &&
    end !== undefined &&
    rest.length === 0 &&
    least <= first &&
    first <= end &&
    1 <= end &&
    end <= MAX_PORT
  )
    return { first, last: end };
  note(`"${text}" is neither a port nor a range such as 8000${separator}8100; use 1 to ${MAX_PORT}.`);
  return null;
}

/**
 * Reads an address or a network with a prefix length, and gives it as it was written, less blanks; notes what is wrong and gives null.
 * `bare` says whether an address without a length is one.
 */
export function readNetwork(text: string, bare: "allowed" | "refused", note: Note): string | null {
  const network = text.trim();
  const isBare = canonicalAddress(network) !== null;
  if (isBare ? bare === "allowed" : /\/\d{1,3}$/.test(network) && parseNetwork(network) !== null) return network;
  note(`"${text}" is not a network; write 10.0.0.0/8 or 2001:db8::/32${bare === "allowed" ? ", or an address" : ""}.`);
  return null;
}

/** Splits a list at its commas; an empty text has no entries. */
export function splitList(text: string): readonly string[] {
  return text === "" ? [] : text.split(",");
}

/** Tables of the kernel's own: `local default dev lo` in one of them would deliver every packet to the pod itself. */
const KERNEL_TABLES: Readonly<Record<number, string>> = { 0: "unspec", 254: "main", 255: "local" };

/**
 * Gives what is wrong with a routing table for captured packets, by its number, as a sentence about its text; null where nothing is. The
 * kernel's own tables are looked up for every packet; `default` (253) only where `main` has no route.
 *
 * @example
 * faultOfTable(254, "main") // 'Table "main" is the kernel's table main: every packet would be delivered to the pod itself. …'
 */
export function faultOfTable(table: number, text: string): string | null {
  const name = KERNEL_TABLES[table];
  if (name === undefined) return null;
  return `Table "${text}" is the kernel's table ${name}: every packet would be delivered to the pod itself. Use another table.`;
}
