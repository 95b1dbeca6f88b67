import type { Family } from "./address.ts";
import { hostOfActor, type Owner } from "./pod.ts";

/** How the stub Envoy treats a flow: it says what it saw and closes, or it dials on as Envoy does. */
export type Manner = "answer" | "forward";

/** The protocols of flows that are driven and analysed, in the order in which they are named. */
export const FLOW_PROTOCOLS = ["tcp", "udp", "icmp"] as const;

/** What stands for the port of an ICMP echo, which has none. */
export const NO_PORT = 0;

/** The protocols that have ports. */
export const PORT_PROTOCOLS = ["tcp", "udp"] as const satisfies readonly FlowProtocol[];

/** A flow's protocol: a TCP connection with a request and its answer, a UDP datagram and its answer, or an ICMP echo and its reply. */
export type FlowProtocol = (typeof FLOW_PROTOCOLS)[number];

/**
 * Who dials, by name or by ids.
 *
 * @example
 * { actor: "app", ids: {} }                       // app
 * { actor: null, ids: { uid: 1337, gid: 1000 } }  // uid=1337,gid=1000
 */
export interface FlowWho {
  /** An actor's name without its `6`; null where ids alone say who it is, and then `ids` has both. */
  readonly actor: string | null;
  /** Ids that replace those of a named actor: `{ gid: 7 }` of `app,gid=7`. */
  readonly ids: Partial<Owner>;
}

/**
 * A flow in names, as data: what a FLOW says before a sandbox's addresses are behind its names. `renderFlowText` makes the text, and
 * nothing reads that text again.
 *
 * @example
 * // app,mark=0x1@127.0.0.6:5000 -> upstream:80
 * { actor: "app", ids: {}, source: "127.0.0.6", sourcePort: 5000, mark: 1, target: "upstream", family: 4, port: 80,
 *   protocol: "tcp", exchange: "first" }
 */
export interface FlowSpec extends FlowWho {
  /** The address that the socket is bound to, canonical; null: the one that the route gives. */
  readonly source: string | null;
  /** The port that the socket is bound to, 1–65535; null: the kernel chooses one. */
  readonly sourcePort: number | null;
  /** The socket's mark, an unsigned 32-bit number; 0: that of the actor. */
  readonly mark: number;
  /** `pod`, `upstream`, `client`, `localhost` or a further host without their `6`, or a canonical address. */
  readonly target: string;
  readonly family: Family;
  /** 1–65535; 0 of ICMP. */
  readonly port: number;
  readonly protocol: FlowProtocol;
  /** `again`: the flow's second exchange, over the socket of its first. */
  readonly exchange: "first" | "again";
  /** The text of a person or a file, where the flow has come from there: reports show authors their own words. */
  readonly written?: string;
}

/**
 * Who dials, with the address and the owner that rules see.
 *
 * @example
 * { actor: "app", address: "10.244.0.2", uid: 1000, gid: 1000 }
 */
export interface FlowSource {
  /** One of {@link USUAL_ACTORS}, the name of a proxy or of its status server, or `uid=N,gid=M`. */
  readonly actor: string;
  /** Address the socket is bound to, or the one the route gives. */
  readonly address: string;
  readonly uid: number;
  readonly gid: number;
  /** Port the socket is bound to, 1–65535; absent where the kernel chooses one. */
  readonly port?: number;
  /** Mark of the socket (`SO_MARK`, socket(7)), an unsigned 32-bit number; absent where it is 0. Only the pod's rules can see it. */
  readonly mark?: number;
}

/**
 * What is dialled, by its name and by its address.
 *
 * @example
 * { target: "upstream", address: "10.244.0.4", port: 80 }
 */
export interface FlowTarget {
  /** A name without its `6`, or a canonical address: `pod`, `upstream`, `localhost`, `10.96.0.1`, `2001:db8::1`. */
  readonly target: string;
  readonly address: string;
  /** 1–65535; 0 of ICMP. */
  readonly port: number;
}

/** A flow with every name resolved to an address and an owner of one sandbox: what rules and contracts see of it. */
export interface ResolvedFlow {
  readonly family: Family;
  readonly protocol: FlowProtocol;
  /** `again`: a second datagram over the socket of the first, and where that one lands. Absent for a first exchange. */
  readonly exchange?: "again";
  readonly from: FlowSource;
  readonly to: FlowTarget;
}

/**
 * One TCP connection or UDP exchange to be driven, in names and in the addresses of one sandbox.
 *
 * @example
 * { spec: { actor: "client", target: "pod", family: 4, port: 8080, … }, family: 4, protocol: "tcp",
 *   from: { actor: "client", address: "10.244.0.3", uid: 0, gid: 0 },
 *   to: { target: "pod", address: "10.244.0.2", port: 8080 } }
 */
export interface Flow extends ResolvedFlow {
  /** The same flow in names, from which another sandbox's addresses and the text in reports follow. */
  readonly spec: FlowSpec;
}

/** Says whether a flow's actor lives in the pod's network namespace. */
export function startsInPod(flow: Pick<Flow, "from">): boolean {
  return hostOfActor(flow.from.actor) === "pod";
}
