import { runNamespaceCommand } from "./command.ts";
import { CallError } from "./fault.ts";

/** The tables of nft that an agent has put into one network namespace. */
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

  /** Gives what `nft -j list ruleset` prints; null where no tables were put in, or where nft fails. */
  async list(): Promise<string | null> {
    if (this.#text === "") return null;
    const command = ["nft", "-j", "list", "ruleset"];
    const { status, stdout } = await runNamespaceCommand({ namespace: this.#namespace, command });
    return status === 0 ? stdout : null;
  }

  #run(stdin: string) {
    return runNamespaceCommand({ namespace: this.#namespace, command: ["nft", "-f", "-"], stdin });
  }
}

/** A table is named before it is deleted, so that one which is gone already is no fault. */
function deleteTables(tables: readonly string[]): string {
  return tables.map((table) => `table ${table}\ndelete table ${table}\n`).join("");
}

function namedTables(text: string): readonly string[] {
  return [...text.matchAll(/^table (\S+ \S+) \{$/gm)].map((found) => found[1] ?? "");
}
