import { closeSync } from "node:fs";
import { CallError } from "./fault.ts";
import { makeNamespace, OUTER_PID } from "./identity.ts";

/**
 * The network namespaces an agent has made, by name; they live as long as the agent. Null is the agent's own. A name that none has is
 * `agent-failed`.
 */
export class Namespaces {
  readonly #open = new Map<string, { readonly fd: number; readonly serial: number }>();
  #lastSerial = 0;

  /** Makes namespaces. A name that is there already is made anew; the old one goes when nothing in it lives any more. */
  open(names: readonly string[]): void {
    for (const name of names) {
      const former = this.#open.get(name);
      this.#open.set(name, { fd: makeNamespace(), serial: ++this.#lastSerial });
      if (former) closeSync(former.fd);
    }
  }

  /** Whether there are any: such an agent plays every host itself. */
  get areMade(): boolean {
    return this.#open.size > 0;
  }

  /** Gives the descriptor of a namespace; throws where there is none of that name. */
  find(name: string | null): number | null {
    return name === null ? null : this.#get(name).fd;
  }

  /** Gives a text that is the same for the same namespace only: one made anew has another. */
  identify(name: string | null): string {
    return name === null ? "own" : `${name}#${this.#get(name).serial}`;
  }

  /** Gives the path of each namespace, by which other processes reach it. */
  listPaths(): Readonly<Record<string, string>> {
    return Object.fromEntries([...this.#open].map(([name, { fd }]) => [name, `/proc/${OUTER_PID}/fd/${fd}`]));
  }

  #get(name: string): { readonly fd: number; readonly serial: number } {
    const namespace = this.#open.get(name);
    if (!namespace) throw new CallError("agent-failed", `the agent has no namespace "${name}"`);
    return namespace;
  }
}
