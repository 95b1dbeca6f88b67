import { runInNamespace } from "./identity.ts";
import { type Listener, openListener } from "./listener.ts";
import type { ListenerSpec, Seen } from "./protocol.ts";
import { forwardFlow } from "./stub-envoy.ts";

/** A listener to be opened: `key` is unique in the agent; `namespace` a descriptor, null for the agent's own. */
export interface ListenerOrder {
  readonly key: string;
  readonly spec: ListenerSpec;
  readonly namespace: number | null;
}

/** The listeners of one thread; everything they accept belongs to that thread's owner. */
export class ListenerSet {
  readonly #listeners = new Map<string, Listener>();
  readonly #tell: (records: readonly Seen[]) => void;
  #untold: Seen[] = [];

  /** `tell` is given the records of accepted connections, several at a time, in their order. */
  constructor(tell: (records: readonly Seen[]) => void) {
    this.#tell = tell;
  }

  /** Opens listeners; throws at the first that cannot be opened, and keeps those before it. */
  open(orders: readonly ListenerOrder[]): void {
    for (const { key, spec, namespace } of orders) {
      const { stub } = spec;
      const listener = runInNamespace(namespace, () =>
        openListener(spec, {
          report: (seen) => this.#report(seen),
          forward: (greeting, seen, destination) =>
            stub === null
              ? Promise.reject(new Error(`${spec.listener} does not forward`))
              : runInNamespace(namespace, () => forwardFlow(greeting, seen, destination, stub)),
        }),
      );
      this.#listeners.set(key, listener);
    }
  }

  /** Closes listeners; keys that are not open are passed over. */
  close(keys: readonly string[]): void {
    for (const key of keys) {
      this.#listeners.get(key)?.close();
      this.#listeners.delete(key);
    }
  }

  /** Tells all records that have not been told yet. */
  flush(): void {
    const records = this.#untold;
    this.#untold = [];
    if (records.length > 0) this.#tell(records);
  }

  #report(seen: Seen): void {
    if (this.#untold.push(seen) === 1) setImmediate(() => this.flush());
  }
}
