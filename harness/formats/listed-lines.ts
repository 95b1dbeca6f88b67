import { TABLE_NAMES, type TableName } from "../model/iptables-tables.ts";
import { findListedTable } from "./listing-table.ts";
import { readChainLine, readRuleLine } from "./save-lines.ts";
import { contextOf, keepGiven, note, type TextLine, type TextReading } from "./text-state.ts";
import { toolOfFamily } from "./tool-name.ts";

/** Reads a line that gives a chain or a rule of a table. */
export function readInTable(reading: TextReading, line: TextLine, table: TableName, kind: "rule" | "chain"): void {
  const context = contextOf(reading, line);
  const inTable = { ...context, open: reading.tools[toolOfFamily(reading.family)], table };
  if (kind === "chain") readChainLine(line.text, inTable);
  else readRuleLine(line.text, inTable);
  keepGiven(reading, line.text);
}

/** Begins the lines that a listing command prints; `named` is the table it names, filter without one. */
export function beginListing(reading: TextReading, named: string | null): void {
  endListing(reading);
  reading.listing = { named: named ?? "filter", lines: [], policies: new Set() };
}

/** Adds a line of `iptables -S`; the second policy of one chain begins another table's listing. */
export function listLine(reading: TextReading, line: TextLine): void {
  const policy = /^-(?:P|-policy)\s+(\S+)/.exec(line.text)?.[1];
  if (policy !== undefined && reading.listing?.policies.has(policy)) endListing(reading);
  reading.listing ??= { named: null, lines: [], policies: new Set() };
  reading.listing.lines.push(line);
  if (policy !== undefined) reading.listing.policies.add(policy);
}

/** Finds the table of the lines that wait for it, and reads them there. */
export function endListing(reading: TextReading): void {
  const { listing } = reading;
  reading.listing = null;
  const first = listing?.lines[0];
  if (!listing || !first) return;
  const named = TABLE_NAMES.find((table) => table === listing.named) ?? null;
  const table = named ?? findListedTable(listing.lines.map(({ text }) => text)) ?? reading.table;
  const tell = (message: string) => note(reading, first.number, 1 + first.offset, message);
  if (table === null) {
    tell("It is unclear which table these lines belong to; add --table NAME, or a line such as *nat before them.");
    return;
  }
  const { tables } = reading.tools[toolOfFamily(reading.family)];
  if (listing.policies.size > 0 && tables.has(table)) {
    tell(`The table ${table} appears twice; give it once.`);
    return;
  }
  if (!tables.has(table)) tables.set(table, new Map());
  keepGiven(reading, `*${table}`);
  for (const line of listing.lines) readInTable(reading, line, table, "rule");
  keepGiven(reading, "COMMIT");
}
