import type { Range } from "../../model/match.ts";

/** Outbound ports of one protocol that are left alone for some uids. */
export interface UidExclusion {
  readonly protocol: "tcp" | "udp";
  /** As many as one multiport match holds. */
  readonly ports: readonly Range[];
  readonly uids: Range;
}

/** A network behind an interface of the pod, whose traffic is outbound. */
export interface VirtualNetwork {
  /** The interface's name; with `+` at its end every one that begins so. */
  readonly interface: string;
  /** With its length, as it was written. */
  readonly network: string;
}

/** What is asked for one direction of traffic. */
export interface Direction {
  readonly redirect: "on" | "off";
  /** 1–65535. */
  readonly port: number;
  /** Ports to redirect; empty: all but the excluded ones. With them excluded ports count for nothing. */
  readonly includePorts: readonly number[];
  readonly excludePorts: readonly number[];
  /** Sources of inbound and destinations of outbound traffic that are left alone, as they were written, of either family. */
  readonly excludeNetworks: readonly string[];
  /** Where the jump stands among rules of others. */
  readonly jump: "append" | "insert";
}

/** What kumactl install transparent-proxy is asked for. */
export interface KumaSettings {
  readonly proxyUid: number;
  readonly families: "dualstack" | "ipv4";
  readonly inbound: Direction;
  readonly outbound: Direction;
  readonly excludeForUids: readonly UidExclusion[];
  readonly dns: {
    readonly capture: "off" | "resolvers" | "all";
    readonly port: number;
    /** `split`: DNS of the workload and of the proxy are in conntrack zones of their own. */
    readonly zones: "split" | "one";
  };
  readonly virtualNetworks: readonly VirtualNetwork[];
  readonly dropInvalid: "on" | "off";
  /** The level of the kernel's log, 0–7; null for no logs. */
  readonly logLevel: number | null;
  readonly comments: "on" | "off";
}
