import type { NameLookup } from "../../model/name-lookups.ts";
import { faultOfTable } from "../values.ts";
import type { ColumnNote } from "./given.ts";

/**
 * Gives a whole number as iptables reads it, decimal or hexadecimal (`1337`, `0x539`), or null if the text is not one. A leading zero is
 * refused: iptables takes it for octal, which hardly anybody means.
 */
export function parseIptablesNumber(text: string): number | null {
  return /^(?:0|[1-9]\d*|0[xX][0-9a-fA-F]+)$/.test(text) ? Number(text) : null;
}

/** Says why a text that looks like a number is not read as one, as a clause in brackets; empty where it does not look like one. */
export function explainNumber(text: string): string {
  return /^0\d+$/.test(text) ? " (iptables reads a leading zero as octal, or rejects it)" : "";
}

/** Gives a packet mark, 1–0xffffffff, or null with a note. */
export function readMark(text: string, note: ColumnNote): number | null {
  const mark = parseIptablesNumber(text);
  if (mark !== null && mark >= 1 && mark <= 0xffffffff) return mark;
  const why = mark === 0 ? ": every packet without a mark would be delivered to the pod itself" : explainNumber(text);
  note(`"${text}" is not a valid mark${why}; use a number from 1 to 0xffffffff, without a mask.`);
  return null;
}

/** Gives a routing table's number, from a number or a name of rt_tables, or null with a note. */
export function readRouteTable(text: string, lookUp: NameLookup, note: ColumnNote): number | null {
  const table = parseIptablesNumber(text) ?? lookUp(text);
  if (table === null || table > 0xffffffff) {
    note(
      `"${text}" is not a routing table${explainNumber(text)}; use a number from 1 to 4294967295, or a name from rt_tables.`,
    );
    return null;
  }
  const fault = faultOfTable(table, text);
  if (fault === null) return table;
  note(fault);
  return null;
}
