import type { Owner } from "../model/pod.ts";
import { CallError } from "./fault.ts";
import { nameOwner } from "./identity.ts";
import type { ListeningCrew } from "./listening-crew.ts";
import type { Namespaces } from "./namespaces.ts";
import type { ListenerSpec } from "./protocol.ts";

type Entries = readonly (readonly [key: string, spec: ListenerSpec])[];

/**
 * Which listeners are open, over all owners; brings them to what is wanted. A listener that cannot be opened is `environment`.
 */
export class ListenerRegistry {
  readonly #crew: ListeningCrew;
  readonly #namespaces: Namespaces;
  #open: ReadonlyMap<string, ListenerSpec> = new Map();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(crew: ListeningCrew, namespaces: Namespaces) {
    this.#crew = crew;
    this.#namespaces = namespaces;
  }

  /** See `listen` of the protocol; one call after the other. Where one cannot be opened, none of the missing ones is. */
  bringTo(specs: readonly ListenerSpec[]): Promise<{ readonly opened: number; readonly closed: number }> {
    // Threads start beside whatever the turn waits for.
    for (const { owner, protocol } of specs) if (protocol === "tcp") this.#crew.prepare(owner);
    const turn = this.#turn.then(() => this.#bringTo(specs));
    this.#turn = turn.catch(() => {});
    return turn;
  }

  async #bringTo(specs: readonly ListenerSpec[]): Promise<{ readonly opened: number; readonly closed: number }> {
    const wanted = new Map(specs.map((spec) => [this.#keyOf(spec), spec]));
    const missing = [...wanted].filter(([key]) => !this.#open.has(key));
    const needless = [...this.#open].filter(([key]) => !wanted.has(key));
    // Closed first: a port may go from one listener to another.
    await this.#close(needless);
    this.#open = new Map([...this.#open].filter(([key]) => wanted.has(key)));
    try {
      await this.#openAll(missing);
    } catch (error) {
      await this.#close(missing);
      throw new CallError("environment", `a listener cannot be opened: ${(error as Error).message}`, { cause: error });
    }
    this.#open = wanted;
    return { opened: missing.length, closed: needless.length };
  }

  async #openAll(entries: Entries): Promise<void> {
    const outcomes = await Promise.allSettled(
      groupByOwner(entries).map(([owner, own]) =>
        this.#crew.open(
          owner,
          own.map(([key, spec]) => ({ key, spec, namespace: this.#namespaces.find(spec.namespace) })),
        ),
      ),
    );
    for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
  }

  async #close(entries: Entries): Promise<void> {
    const keysOf = (own: Entries) => own.map(([key]) => key);
    await Promise.all(
      groupByOwner(entries).map(([owner, own]) => this.#crew.close(owner, keysOf(own)).catch(() => {})),
    );
  }

  #keyOf(spec: ListenerSpec): string {
    return `${this.#namespaces.identify(spec.namespace)} ${JSON.stringify(spec)}`;
  }
}

function groupByOwner(entries: Entries): readonly (readonly [Owner, Entries])[] {
  const groups = Map.groupBy(entries, ([, { owner }]) => nameOwner(owner));
  return [...groups.values()].flatMap((own) => (own[0] ? [[own[0][1].owner, own] as const] : []));
}
