import { readFileSync, statSync } from "node:fs";
import { hashBytes, type ReadRecord } from "../../load/read-record.ts";
import type { Provenance } from "../../model/provenance.ts";
import { quoteForShell } from "../../model/shell-words.ts";
import type { CommandIo } from "../command.ts";
import { nameNear } from "../input/input-file.ts";
import { readVersion } from "../version.ts";

/**
 * Says what a report is made with: the version, the date, the command, and every file of the record, then `others`, files that other
 * programs or Node itself read; those that are not plain files are left out.
 */
export function makeProvenance(
  command: readonly string[],
  record: ReadRecord,
  others: readonly string[],
  io: Pick<CommandIo, "workingDirectory">,
): Provenance {
  const read = [...record].map(([path, sha256]) => ({ path: nameNear(path, io), sha256 }));
  const unread = others.filter((path) => !record.has(path) && statSync(path, { throwIfNoEntry: false })?.isFile());
  return {
    version: readVersion(),
    date: new Date().toISOString(),
    command: ["landfall", ...command].map(quoteForShell).join(" "),
    files: [...read, ...unread.map((path) => ({ path: nameNear(path, io), sha256: hashBytes(readFileSync(path)) }))],
  };
}
