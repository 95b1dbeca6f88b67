import type { Family } from "./address.ts";
import type { SplitPoints } from "./split-points.ts";

/** The protocols of flows, in the order in which they are listed everywhere. */
export const PROTOCOLS = ["tcp", "udp", "icmp"] as const;

/** A flow's protocol; of ICMP only echo requests are flows. */
export type Protocol = (typeof PROTOCOLS)[number];

/**
 * Who a socket belongs to, as rules can see it: uid and gid (0–4294967294), and the mark that the socket gives its packets (SO_MARK,
 * socket(7)).
 */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
  /** 0 where the socket sets none. 32 bits. */
  readonly mark: number;
}

/**
 * One connection or exchange as a contract sees it: a flow's own, or one that a proxy makes in its course.
 *
 * @example
 * { family: 4, protocol: "tcp", startedOn: "pod", owner: { uid: 1000, gid: 1000, mark: 0 }, source: "10.244.0.2",
 *   destination: "10.244.0.4", port: 80 }
 */
export interface Connection {
  readonly family: Family;
  readonly protocol: Protocol;
  /** The interface of the pod behind which a `vm` stands; absent where there is none, and where it is not known. */
  readonly link?: string;
  /** The host whose process dials: `pod`, `client`, `upstream`, `vm`, or a name under a contract's `hosts`. */
  readonly startedOn: string;
  /** Of the socket that dials. Rules of the pod cannot see it where the flow starts outside. */
  readonly owner: Identity;
  /** The address it comes from, canonical text. */
  readonly source: string;
  /** The port that the socket is bound to, 1–65535; absent where the kernel chooses one. */
  readonly sourcePort?: number;
  /** The address dialled, canonical text. */
  readonly destination: string;
  /** The port dialled, 1–65535; 0 for ICMP. */
  readonly port: number;
}

/** What must become of a connection. `not-leave`: it may end anywhere in the pod, or fail in any way, but not reach another host. */
export const REQUIREMENTS = ["as-dialled", "rejected", "dropped", "not-leave"] as const;

/** A requirement that names no listener: one of {@link REQUIREMENTS}. */
export type Requirement = (typeof REQUIREMENTS)[number];

/**
 * What a contract demands of one connection, and the clause that says so. `unspecified`: no clause concerns it, so that no landing is
 * wrong; `mayReturn`: it may even bring a proxy's own dial back to the proxy, and why, as a phrase behind "flows". `deviation`: the tool
 * does something else than its documents promise, and the clause describes the tool.
 */
export type Demand =
  | { readonly must: Requirement; readonly clause: string; readonly deviation?: Deviation }
  | {
      readonly must: "land-on";
      /** The name of a listener of the pod's shape. */
      readonly listener: string;
      /** How it is brought there; the way the listener is made for if left out. */
      readonly by?: "redirect" | "transparent";
      /**
       * The address at which it is accepted: that of loopback, to which a redirect leads, or the one dialled, as with TPROXY; any if left
       * out.
       */
      readonly acceptedAt?: "loopback" | "dialled";
      readonly clause: string;
      readonly deviation?: Deviation;
    }
  | { readonly must: "unspecified"; readonly mayReturn?: string };

/** Where a tool and its documents differ, as one sentence each, and what the documents demand. */
export interface Deviation {
  readonly tool: string;
  readonly promise: string;
  readonly strict: Demand;
}

/**
 * One clause of a contract.
 *
 * @example
 * { name: "loopback-untouched", says: "Connections from the workload to the pod's own addresses are not captured.", origin: "usual" }
 */
export interface Clause {
  /** Lower-case words with dashes between them: `loopback-untouched`. */
  readonly name: string;
  /** What it demands, as one sentence. */
  readonly says: string;
  /** `given`: somebody asked for it by a setting, so that a clause which concerns no flow is a mistake; `usual`: it is always there. */
  readonly origin: "given" | "usual";
  /** The settings that it is about, each by itself; without them a clause that is `given` is one as a whole. */
  readonly settings?: readonly GivenSetting[];
}

/** A setting that somebody gave, and that some flow must be judged by: one that concerns none is a mistake. */
export interface GivenSetting {
  /** As it is written: `-x 192.168.0.0/16`. */
  readonly text: string;
  /** Families of which it can hold flows. */
  readonly families: readonly Family[];
  /** Says whether a connection that the clause concerns is one that the setting is about. */
  readonly holds: (connection: Connection) => boolean;
}

/**
 * What must happen to each connection, whatever the rules are. It never looks at rules.
 *
 * @example
 * contract.clauses.map(({ name }) => name)   // ["pass-through-untouched", …, "inbound-captured", "outbound-captured", "rest-untouched"]
 * contract.demand(connection)                // { must: "land-on", listener: "envoy-inbound", by: "redirect", clause: "inbound-captured" }
 */
export interface Contract {
  /** In the order in which they are asked; the first that concerns a connection decides. */
  readonly clauses: readonly Clause[];
  /** The clause that stands for "what a proxy dials does not come back to it"; `no-loop` is proven beside the clauses if left out. */
  readonly loopClause?: string;
  /**
   * The protocols of whose flows it demands anything, in the order of {@link PROTOCOLS}. Of every other protocol each demand is
   * `unspecified`, and nothing is proven.
   */
  readonly protocols: readonly Protocol[];
  /**
   * The families of which settings ask that packets of TCP which connection tracking calls INVALID are dropped where they come into the
   * pod's network, whoever sends them. Of others nothing is said of such packets, and a flow that would be lost with one is not settled.
   */
  readonly dropsInvalid?: readonly Family[];
  /** Gives what must become of a connection. Total: `unspecified` is an answer. */
  demand(connection: Connection): Demand;
  /** Gives every value at which what it demands of the flows of a family may change. */
  splitPoints(family: Family): SplitPoints;
}
