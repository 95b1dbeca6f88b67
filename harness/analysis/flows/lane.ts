import type { FlowProtocol } from "../../model/flow.ts";
import type { ValueRanges } from "../../model/value-ranges.ts";

/** Who dials: a process of the pod, or one of the hosts beside it. */
export type LaneHost = "pod" | "client" | "upstream" | "vm";

/** What the sockets of a lane's flows are given beside an address. */
export interface LaneSocket {
  /** Ports of which the socket is bound to one; null: the kernel chooses. */
  readonly ports: readonly [first: number, last: number] | null;
  /** The socket's mark, 0 for none. */
  readonly mark: number;
}

/**
 * Flows that take the same road: from one host, with one way to have a source, to one kind of destination. The lanes of a family
 * share no flow, and together hold every flow that can meet the pod's rules.
 */
export interface Lane {
  readonly protocol: FlowProtocol;
  /** Tells a reader which flows these are: `from the pod to elsewhere`. */
  readonly name: string;
  /** The name without what it says of sockets: the same for all lanes that only their sockets tell apart. */
  readonly road: string;
  /** Whence and where to, in a word or two each: `pod`, `elsewhere`. */
  readonly ends: readonly [from: string, to: string];
  readonly host: LaneHost;
  /** `route`: the route chooses the source; `bound`: the socket is bound to it, so that a flow's text names it. */
  readonly binding: "route" | "bound";
  /** Sources by number; one fixed source is one range of one. `destination`: the source is the address dialled. */
  readonly sources: ValueRanges | "destination";
  readonly destinations: ValueRanges;
  readonly ports: ValueRanges;
  /** The owners' ids; flows from outside the pod have none that a rule could see, and are made by root. */
  readonly uids: ValueRanges;
  readonly gids: ValueRanges;
  /** The interface of the pod behind which a `vm` stands. */
  readonly link: string | null;
  readonly socket: LaneSocket;
  /** `marked`: only a socket with a mark may have another host's address (IP_TRANSPARENT, which needs the same right). */
  readonly sockets: "all" | "marked";
  /** Ends whose flows are another lane's: a socket bound to the very source that the route gives is as one that is not bound. */
  readonly without: readonly { readonly sources: ValueRanges; readonly destinations: ValueRanges }[];
}
