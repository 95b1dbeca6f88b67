import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { parseRoutingTexts, type RoutingTexts, renderRoutingTexts } from "../formats/routing-texts.ts";
import { NO_POLICY_ROUTING, type PolicyRouting } from "../model/policy-routing.ts";
import { readNamespaceInode } from "./namespace.ts";
import type { MadeHook } from "./own-rules.ts";
import type { MadeRule } from "./replaced-rules.ts";

/**
 * What `apply` has made in one network namespace and nobody could tell from what was there before: kept so that `clean` takes out just
 * that. Rules in chains of our own, and jumps to them, go in any case, and are recorded so that others' can be told.
 */
export interface ApplyRecord {
  readonly formatVersion: "1.0";
  /** Interfaces of the namespace when it was written, as `INDEX NAME MAC`. */
  readonly links: readonly string[];
  readonly hooks: readonly MadeHook[];
  readonly routing: PolicyRouting;
  /** Every rule that is ours by its name; left out by older versions. It tells rules that others have put into our chains. */
  readonly rules?: readonly MadeRule[];
  /** The same of our nft tables, as command lines; left out by older versions. */
  readonly nftRules?: readonly string[];
}

/** A record that says that `apply` has made nothing here. */
export const NOTHING_MADE: Omit<ApplyRecord, "links"> = {
  formatVersion: "1.0",
  hooks: [],
  routing: NO_POLICY_ROUTING,
  rules: [],
  nftRules: [],
};

/** A record as its file has it. */
type WrittenRecord = Omit<ApplyRecord, "routing"> & { readonly routing: RoutingTexts };

const FOLDER = "/run/landfall";

/**
 * Reads the record of this network namespace; null where there is none. The kernel uses a namespace's number again once it is gone: a
 * record that knows an interface that is not here is another namespace's, and counts as none. Where `links` are not known (null), any
 * counts.
 */
export function readRecord(links: readonly string[] | null): ApplyRecord | null {
  try {
    const written: WrittenRecord = JSON.parse(readFileSync(recordPath(), "utf8"));
    const record = { ...written, routing: parseRoutingTexts(written.routing) };
    const isOurs = links === null || record.links.every((link) => links.includes(link));
    return record.formatVersion === "1.0" && isOurs ? record : null;
  } catch {
    // Absent, or cut off by a full disk: whoever reads it goes on as without one.
    return null;
  }
}

/**
 * Writes the record of this network namespace, whole or not at all. Gives why it could not, or null: rules are worth more than a record.
 */
export function writeRecord(record: ApplyRecord): string | null {
  const path = recordPath();
  try {
    mkdirSync(FOLDER, { recursive: true, mode: 0o755 });
    writeFileSync(`${path}.new`, renderRecord(record));
    renameSync(`${path}.new`, path);
    return null;
  } catch (error) {
    return `The previous state cannot be recorded: ${(error as Error).message}. Without this record, clean would also remove a ::6 on lo, a route or similar that existed before.`;
  }
}

/**
 * Removes the record of this network namespace, if there is one, and what a killed process has begun to write. Gives why it could not, or
 * null.
 */
export function removeRecord(): string | null {
  const path = recordPath();
  try {
    for (const file of [path, `${path}.new`]) if (existsSync(file)) rmSync(file);
    return null;
  } catch (error) {
    return `${path} cannot be removed: ${(error as Error).message}. Remove it, or the next apply will rely on it.`;
  }
}

function renderRecord(record: ApplyRecord): string {
  const written: WrittenRecord = { ...record, routing: renderRoutingTexts(record.routing) };
  return JSON.stringify(written);
}

function recordPath(): string {
  return `${FOLDER}/netns-${readNamespaceInode()}.json`;
}
