import type { Family } from "./address.ts";
import { hostOfActor } from "./pod.ts";

/** How the stub Envoy treats a flow: it says what it saw and closes, or it dials on as Envoy does. */
export type Manner = "answer" | "forward";

/** The protocols of flows that are driven and analysed, in the order in which they are named. */
export const FLOW_PROTOCOLS = ["tcp", "udp"] as const;

/** A flow's protocol: a TCP connection with a request and its answer, or a UDP datagram and its answer. */
export type FlowProtocol = (typeof FLOW_PROTOCOLS)[number];

/** Who dials. */
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

/** What is dialled. */
export interface FlowTarget {
  /** A name without its `6`, or a canonical address: `pod`, `upstream`, `localhost`, `10.96.0.1`, `2001:db8::1`. */
  readonly target: string;
  readonly address: string;
  /** 1–65535. */
  readonly port: number;
}

/**
 * One TCP connection or UDP exchange to be driven, with every name resolved to an address and an owner of one sandbox.
 *
 * @example
 * { flow: "client -> pod:8080", family: 4, protocol: "tcp",
 *   from: { actor: "client", address: "10.244.0.3", uid: 0, gid: 0 },
 *   to: { target: "pod", address: "10.244.0.2", port: 8080 } }
 */
export interface Flow {
  /** The flow as users write it: `[again ]WHO[@[ADDRESS][:PORT]] -> TARGET:PORT[/udp]`. */
  readonly flow: string;
  readonly family: Family;
  readonly protocol: FlowProtocol;
  /** `again`: a second datagram over the socket of the first, and where that one lands. Absent for a first exchange. */
  readonly exchange?: "again";
  readonly from: FlowSource;
  readonly to: FlowTarget;
}

/** Says whether a flow's actor lives in the pod's network namespace. */
export function startsInPod(flow: Pick<Flow, "from">): boolean {
  return hostOfActor(flow.from.actor) === "pod";
}
