import { readFileSync } from "node:fs";
import { runInNamespace } from "./identity.ts";
import { type Endpoint, familyOfText, renderEndpoint } from "./socket-address.ts";
import { close } from "./syscalls.ts";
import { askTracking, canonicalText, type Ends, openTracking, type TrackedExchange } from "./tracking-netlink.ts";

/**
 * Asks connection tracking in a namespace where a datagram had been sent to before rules redirected it: SO_ORIGINAL_DST knows TCP and SCTP
 * only (getorigdst in net/netfilter/nf_conntrack_proto.c). By netlink, which needs CAP_NET_ADMIN, or else from /proc/net/nf_conntrack.
 * Throws an Error where neither can be asked, or where the answer is ambiguous.
 */
export class Tracking {
  readonly #namespace: number | null;
  #netlink: number | null = null;
  #source: "netlink" | "proc" = "netlink";
  readonly #tables = new Map<4 | 6, readonly TrackedExchange[]>();

  /** `namespace` is a descriptor; null for the agent's own. */
  constructor(namespace: number | null) {
    this.#namespace = namespace;
  }

  /**
   * Gives the end point that a UDP exchange was begun towards, of which a socket has received a datagram from `source` for `destination`;
   * null where connection tracking does not know the exchange. The datagram must have been received before the last `forgetTable`.
   * Asks the default zone first, then looks in all. Throws where tracking cannot be asked, or exchanges in several zones have those ends
   * and were begun towards different end points: it cannot be told then to which of them the datagram belongs.
   */
  findDialled(source: Endpoint, destination: Endpoint): Endpoint | null {
    const ends = { source: destination, destination: source };
    // The kernel also finds an exchange that was begun by what has these ends: by an answer whose question it did not track.
    const select = (all: readonly TrackedExchange[]) => all.filter(({ reply }) => isSame(reply, ends));
    const inDefaultZone = select(this.#list(ends, "one"));
    const found = inDefaultZone.length > 0 ? inDefaultZone : select(this.#list(ends, "all"));
    const originals = new Map(found.map(({ original: { destination: to } }) => [renderEndpoint(to), to]));
    if (originals.size > 1) {
      const all = [...originals.keys()].join(", ");
      throw new Error(`connection tracking has several entries for the same endpoints, with destinations ${all}`);
    }
    return originals.values().next().value ?? null;
  }

  /** From now on the whole table is read again where it is asked for: the kernel walks every bucket for it, which takes milliseconds. */
  forgetTable(): void {
    this.#tables.clear();
  }

  close(): void {
    if (this.#netlink !== null) close(this.#netlink);
  }

  #list(ends: Ends, which: "one" | "all"): readonly TrackedExchange[] {
    const family = familyOfText(ends.source.address);
    const known = this.#tables.get(family);
    if (known !== undefined && (which === "all" || this.#source === "proc")) return known;
    this.#netlink ??= runInNamespace(this.#namespace, openTracking);
    const told = this.#source === "proc" ? "not-permitted" : askTracking(this.#netlink, ends, which);
    if (told !== "not-permitted") {
      if (which === "all") this.#tables.set(family, told);
      return told;
    }
    this.#source = "proc";
    const both = runInNamespace(this.#namespace, readTable);
    for (const each of [4, 6] as const) this.#tables.set(each, both);
    return both;
  }
}

function isSame(one: Ends, other: Ends): boolean {
  return (["source", "destination"] as const).every(
    (end) => one[end].address === other[end].address && one[end].port === other[end].port,
  );
}

/** Reads the table of the calling thread's namespace; root may, whatever its capabilities. */
function readTable(): readonly TrackedExchange[] {
  return readFileSync("/proc/thread-self/net/nf_conntrack", "latin1").split("\n").flatMap(readLine);
}

/** Reads `ipv4 2 udp 17 29 src=… dst=… sport=… dport=… [UNREPLIED] src=… dst=… sport=… dport=… mark=0 use=2` (ct_seq_show). */
function readLine(line: string): readonly TrackedExchange[] {
  if (!/^ipv[46]\s+\d+\s+udp\s/.test(line)) return [];
  const [original, reply] = [...line.matchAll(/src=(\S+) dst=(\S+) sport=(\d+) dport=(\d+)/g)].map(
    ([, source = "", destination = "", from, to]): Ends => ({
      source: { address: canonicalText(source), port: Number(from) },
      destination: { address: canonicalText(destination), port: Number(to) },
    }),
  );
  return original && reply ? [{ original, reply }] : [];
}
