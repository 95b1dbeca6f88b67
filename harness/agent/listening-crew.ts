import type { Owner } from "../model/pod.ts";
import type { DatagramCrew } from "./datagram-crew.ts";
import { nameOwner, OWN_OWNER } from "./identity.ts";
import { type ListenerOrder, ListenerSet, type ListenerSetOrder } from "./listener-set.ts";
import type { ThreadOrder } from "./listener-thread.ts";
import { startOrderedThread } from "./ordered-thread.ts";
import type { Seen } from "./protocol.ts";

/** Carries out orders for one owner's listeners. */
interface Member {
  readonly carryOut: (order: ListenerSetOrder) => Promise<void>;
  readonly dismiss: () => void;
}

/** Threads without a listener are kept for the next scenario up to this number of threads; each takes a few MB. */
const THREADS_KEPT = 8;

/**
 * Everybody who listens. For connections: a thread for each owner, started when it is first needed and kept; the agent's own owner
 * listens on the main thread. Accepting needs a thread of its own because a socket belongs to whoever accepts it.
 */
export class ListeningCrew {
  readonly #members = new Map<string, Member>();
  readonly #keys = new Map<Member, Set<string>>();
  readonly #tell: (records: readonly Seen[]) => void;
  readonly #datagrams: DatagramCrew;

  constructor(datagrams: DatagramCrew, tell: (records: readonly Seen[]) => void) {
    this.#datagrams = datagrams;
    this.#tell = tell;
  }

  /** Starts the thread of an owner who is to open listeners for connections soon. */
  prepare(owner: Owner): void {
    this.#memberOf(owner);
  }

  /** Opens listeners of one owner. Rejects with what the kernel said where one cannot be opened. */
  async open(owner: Owner, listeners: readonly ListenerOrder[]): Promise<void> {
    const streams = listeners.filter(({ spec }) => spec.protocol === "tcp");
    await this.#datagrams.open(
      owner,
      listeners.filter(({ spec }) => spec.protocol !== "tcp"),
    );
    if (streams.length === 0) return;
    const member = this.#memberOf(owner);
    await member.carryOut({ order: "open", listeners: streams });
    for (const { key } of streams) this.#keysOf(member).add(key);
  }

  /** Closes listeners of one owner. */
  async close(owner: Owner, keys: readonly string[]): Promise<void> {
    await this.#datagrams.close(keys);
    const member = this.#members.get(nameOwner(owner));
    if (!member) return;
    await member.carryOut({ order: "close", keys });
    for (const key of keys) this.#keysOf(member).delete(key);
    if (this.#members.size > THREADS_KEPT) this.#dismissIdle();
  }

  /** Resolves when everything seen so far has been told. */
  async flush(): Promise<void> {
    const members = [...this.#members.values()].map((member) => member.carryOut({ order: "flush" }));
    await Promise.all([...members, this.#datagrams.flush()]);
  }

  #keysOf(member: Member): Set<string> {
    const keys = this.#keys.get(member) ?? new Set();
    this.#keys.set(member, keys);
    return keys;
  }

  #dismissIdle(): void {
    for (const [name, member] of this.#members) {
      if (this.#keysOf(member).size > 0) continue;
      this.#members.delete(name);
      this.#keys.delete(member);
      member.dismiss();
    }
  }

  #memberOf(owner: Owner): Member {
    const name = nameOwner(owner);
    const known = this.#members.get(name);
    if (known) return known;
    const member = name === nameOwner(OWN_OWNER) ? makeMainMember(this.#tell) : startThread(owner, this.#tell);
    this.#members.set(name, member);
    return member;
  }
}

function makeMainMember(tell: (records: readonly Seen[]) => void): Member {
  const listeners = new ListenerSet(tell);
  return {
    carryOut: async (order) => listeners.carryOut(order),
    dismiss: () => {},
  };
}

function startThread(owner: Owner, tell: (records: readonly Seen[]) => void): Member {
  const { worker, carryOut } = startOrderedThread<ThreadOrder>("listener-thread", {
    data: owner,
    tell,
    describeEnd: () => `the thread of uid ${owner.uid}, gid ${owner.gid} ended`,
  });
  return { carryOut, dismiss: () => void worker.terminate() };
}
