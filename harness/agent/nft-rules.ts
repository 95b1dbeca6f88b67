import { runNamespaceCommand } from "./command.ts";
import { CallError } from "./fault.ts";
import type { OtherMakers } from "./protocol.ts";

/** nft 1.0.6 prints whatever lies in memory for the flags of a table, and sometimes nothing behind it (table_print_json in src/json.c). */
const TABLE_WITH_FLAGS = /"table": \{[^{}]*"flags": /;

/** How often tables are listed until none is left that is to go. */
const LISTINGS_AT_MOST = 100;

/**
 * The tables of nft that an agent has put into one network namespace. A text that nft does not accept is `rules-refused`, a table that
 * cannot be removed `agent-failed`.
 */
export class InstalledNftTables {
  readonly #namespace: number | null;
  /** What is in, as the text that was put in. */
  #text = "";
  #isOutdated = false;

  constructor(namespace: number | null) {
    this.#namespace = namespace;
  }

  /** Says that tables of iptables have been made since: what is to run before them must be put in again. */
  outdate(): void {
    this.#isOutdated = true;
  }

  /** Takes out the tables that are in and puts others in their place, all in one transaction; what stands already stays. */
  async load(text: string): Promise<void> {
    if (text === this.#text && (text === "" || !this.#isOutdated)) return;
    const { status, stderr } = await this.#run(`${deleteTables(namedTables(this.#text))}${text}`);
    if (status !== 0) throw new CallError("rules-refused", `nft refused the rules: ${stderr.trim()}`);
    this.#text = text;
    this.#isOutdated = false;
  }

  /** Removes tables such as `ip nat`, whoever made them; those that are not there are no fault. */
  async remove(tables: readonly string[]): Promise<void> {
    if (tables.length === 0) return;
    const { status, stderr } = await this.#run(deleteTables(tables));
    if (status !== 0) throw new CallError("agent-failed", `nft cannot remove ${tables.join(", ")}: ${stderr.trim()}`);
  }

  /**
   * Removes the tables of every family that are not among these, such as `ip nat`: those that somebody else has made. Where there is no nft
   * nobody has made any.
   */
  async removeAllBut(kept: readonly string[]): Promise<void> {
    // A listing that breaks off tells the rest once the tables before are gone.
    for (let i = 0; i < LISTINGS_AT_MOST; i++) {
      const made = listTables((await this.#print(["nft", "-j", "list", "tables"])) ?? "");
      const foreign = made.filter(({ family, name }) => !kept.includes(`${family} ${name}`));
      if (foreign.length === 0) return;
      // A name may be a word of nft's own.
      const lines = foreign.map(({ family, handle }) => `delete table ${family} handle ${handle}\n`);
      const { status, stderr } = await this.#run(lines.join(""));
      if (status !== 0) throw new CallError("agent-failed", `nft cannot remove tables: ${stderr.trim()}`);
      this.#text = "";
    }
    throw new CallError("agent-failed", "nft removes tables, and lists them again.");
  }

  /**
   * Gives what `nft -j list ruleset` prints, or where a table has flags `nft -a list ruleset`; null where nobody has put tables in, or
   * where nft fails.
   */
  async list(others: OtherMakers): Promise<string | null> {
    if (this.#text === "" && others === "nobody-else") return null;
    const json = await this.#print(["nft", "-j", "list", "ruleset"]);
    return json !== null && TABLE_WITH_FLAGS.test(json) ? this.#print(["nft", "-a", "list", "ruleset"]) : json;
  }

  async #print(command: readonly string[]): Promise<string | null> {
    try {
      const { status, stdout } = await runNamespaceCommand({ namespace: this.#namespace, command });
      return status === 0 ? stdout : null;
    } catch (error) {
      if (error instanceof CallError && error.code === "environment") return null;
      throw error;
    }
  }

  #run(stdin: string) {
    return runNamespaceCommand({ namespace: this.#namespace, command: ["nft", "-f", "-"], stdin });
  }
}

interface MadeTable {
  readonly family: string;
  readonly name: string;
  readonly handle: number;
}

/** By its pieces: where a table has flags, nft 1.0.6 may print JSON that breaks off. */
function listTables(json: string): readonly MadeTable[] {
  const tables = json.matchAll(/"table": \{"family": "(\w+)", "name": "([^"]*)", "handle": (\d+)/g);
  return [...tables].map(([, family = "", name = "", handle]) => ({ family, name, handle: Number(handle) }));
}

/** A table is named before it is deleted, so that one which is gone already is no fault. */
function deleteTables(tables: readonly string[]): string {
  return tables.map((table) => `table ${table}\ndelete table ${table}\n`).join("");
}

function namedTables(text: string): readonly string[] {
  return [...text.matchAll(/^table (\S+ \S+) \{$/gm)].map((found) => found[1] ?? "");
}
