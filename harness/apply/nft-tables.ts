import { LandfallError } from "../errors.ts";
import { readNft } from "../formats/nft/read-nft.ts";
import { renderNftText } from "../formats/nft/write-nft.ts";
import { MESHES } from "../meshes/meshes.ts";
import type { Table } from "../model/ruleset.ts";
import { loadRules } from "./load-rules.ts";
import { type Look, lookNow, type Question } from "./look.ts";
import { findOnPath } from "./on-path.ts";

/** An nft table of ours as the kernel has it. */
interface OwnNftTable {
  readonly name: string;
  /** What `nft list table` prints, which `nft -f` takes. */
  readonly text: string;
  /** What `nft -j list table` prints. */
  readonly json: string;
}

/** The nft tables of ours in a namespace; `command` is null where there is no nft, and nothing is known. */
export interface NftState {
  readonly command: string | null;
  readonly tables: readonly OwnNftTable[];
}

/** What is to become of our nft tables. */
export interface NftChange {
  readonly before: NftState;
  /** What is to be there; empty for none of ours. */
  readonly wanted: readonly Table[];
}

/** Says whether a change puts in tables of nft, rather than only taking ours away: the rules are then native ones. */
export function isNative({ wanted }: NftChange): boolean {
  return wanted.length > 0;
}

/** Every table that some mesh makes is ours by its name, whoever made it: as chains of iptables are. */
const OWN_TABLES: ReadonlySet<string> = new Set(MESHES.flatMap(({ traces }) => traces.nftTables ?? []));
const REMEDY = "Install nftables, and give the capability NET_ADMIN.";

/** What {@link readNftTables} asks first: which tables there are; null where there is no nft. */
export function findNftQuestion(): Question | null {
  const command = findOnPath("nft");
  return command === null ? null : { command, args: ["list", "tables", "inet"] };
}

/** Reads the nft tables of the family inet that carry a mesh's name. Throws `environment` where nft is there and does not list them. */
export function readNftTables(look: Look = lookNow): NftState {
  const question = findNftQuestion();
  if (question === null) return { command: null, tables: [] };
  const { command } = question;
  const names = [...list(question, look).matchAll(/^table inet (\S+)$/gm)].map(([, name = ""]) => name);
  const tables = names
    .filter((name) => OWN_TABLES.has(name))
    .map((name) => ({
      name,
      text: list({ command, args: ["list", "table", "inet", name] }, look),
      json: list({ command, args: ["-j", "list", "table", "inet", name] }, look),
    }));
  return { command, tables };
}

/**
 * Gives the input of the one `nft -f` that makes a change, which the kernel does whole or not at all; empty where there is nothing to do.
 * Tables of ours that are not wanted go with it.
 */
export function planNftChange({ before, wanted }: NftChange): string {
  const isThere = before.tables.length === wanted.length && before.tables.every(({ json }) => isSame(json, wanted));
  if (isThere) return "";
  const text = wanted.length === 0 ? "" : renderNftText(wanted);
  return removeTables([...before.tables, ...wanted].map(({ name }) => name)) + text;
}

/** Makes a change by one `nft -f`. Throws `environment` with nft's own words, with nothing done. */
export function commitNftChange(change: NftChange): "changed" | "unchanged" {
  const text = planNftChange(change);
  if (text === "") return "unchanged";
  load(change.before, text);
  return "changed";
}

/** Brings our nft tables back to what they were before a change. */
export function rollBackNftChange({ before, wanted }: NftChange): void {
  const names = [...before.tables, ...wanted].map(({ name }) => name);
  if (names.length > 0) load(before, removeTables(names) + before.tables.map(({ text }) => text).join(""));
}

/** Gives what `nft list table` prints of our tables, one after the other. */
export function dumpNftTables({ tables }: NftState): string {
  return tables.map(({ text }) => text).join("");
}

/** `add` before `delete`: deleting what is not there is an error (nft(8), TABLES). */
function removeTables(names: readonly string[]): string {
  return [...new Set(names)].map((name) => `add table inet ${name}\ndelete table inet ${name}\n`).join("");
}

function isSame(json: string, wanted: readonly Table[]): boolean {
  // Listings have numbers where they could have names; the few names that nft's JSON keeps are its own.
  const read = readNft(json, { where: "nft" });
  if (!read.ok) return false;
  return read.value.tables.every((table) => {
    const same = wanted.find(({ name }) => name === table.name);
    return same !== undefined && withoutCounts(renderNftText([same])) === withoutCounts(renderNftText([table]));
  });
}

/** Gives a text of nft's without what its counters have counted. */
export function withoutCounts(text: string): string {
  return text.replace(/\bpackets \d+ bytes \d+/g, "");
}

function list(question: Question, look: Look): string {
  const { status, stdout, stderr } = look(question);
  if (status === 0) return stdout;
  const why = stderr.trim() || `it ended with ${status}`;
  throw new LandfallError(
    "environment",
    `The nft tables cannot be read (nft ${question.args.join(" ")}): ${why}. ${REMEDY}`,
  );
}

function load({ command }: NftState, text: string): void {
  if (command === null) throw new LandfallError("environment", `There is no nft in the PATH. ${REMEDY}`);
  loadRules({ command, name: "nft", options: ["-f", "-"] }, text);
}
