import { noteListener, runInNamespace } from "./identity.ts";
import { type OpenListener, openListener } from "./listener.ts";
import type { ListenerSpec, Seen } from "./protocol.ts";
import { forwardFlow } from "./stub-envoy.ts";

/** A listener to be opened: `key` is unique in the agent; `namespace` a descriptor, null for the agent's own. */
export interface ListenerOrder {
  readonly key: string;
  readonly spec: ListenerSpec;
  readonly namespace: number | null;
}

/** What may be asked of a set of listeners, wherever it lives. */
export type ListenerSetOrder =
  | { readonly order: "open"; readonly listeners: readonly ListenerOrder[] }
  | { readonly order: "close"; readonly keys: readonly string[] }
  | { readonly order: "flush" };

/**
 * Records are told many at a time: telling costs another thread as much as driving a flow does. Whoever waits for them asks for a flush;
 * the delay is for who does not.
 */
const TELL_DELAY_MS = 5;
const RECORDS_AT_MOST = 64;

/** The listeners of one thread; everything they accept belongs to that thread's owner. */
export class ListenerSet {
  readonly #listeners = new Map<string, OpenListener>();
  readonly #tell: (records: readonly Seen[]) => void;
  #untold: Seen[] = [];
  #timer: NodeJS.Timeout | null = null;

  /** `tell` is given the records of accepted connections, several at a time, in their order. */
  constructor(tell: (records: readonly Seen[]) => void) {
    this.#tell = tell;
  }

  /** Does what is asked; throws where a listener cannot be opened. */
  carryOut(order: ListenerSetOrder): void {
    if (order.order === "open") this.open(order.listeners);
    else if (order.order === "close") this.close(order.keys);
    else this.flush();
  }

  /** Opens listeners; throws at the first that cannot be opened, and keeps those before it. */
  open(orders: readonly ListenerOrder[]): void {
    for (const { key, spec, namespace } of orders) {
      const { stub } = spec;
      const listener = runInNamespace(namespace, () =>
        openListener(spec, {
          report: (seen) => this.#report(seen),
          forward: (greeting, seen, ends) =>
            stub === null
              ? Promise.reject(new Error(`${spec.listener} does not forward`))
              : runInNamespace(namespace, () => forwardFlow(greeting, seen, ends, stub)),
        }),
      );
      const forget = noteListener(namespace);
      this.#listeners.set(key, {
        close: () => {
          listener.close();
          forget();
        },
      });
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
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    if (records.length > 0) this.#tell(records);
  }

  #report(seen: Seen): void {
    const count = this.#untold.push(seen);
    if (count >= RECORDS_AT_MOST) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), TELL_DELAY_MS);
  }
}
