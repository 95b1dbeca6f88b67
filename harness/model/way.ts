import type { RulePlace } from "./rule-place.ts";

/** One packet's way through the pod, a text for each step: a way has thousands of them, and a report hundreds of ways. */
export interface WayPacket {
  /** `SYN`, `SYN-ACK`, `ACK`, `data`, `RST`, `datagram`, `ICMP error`. */
  readonly packet: string;
  /**
   * The rules that it met, `HOOK RULE VERDICT[: WHY]`; RULE counts the scenario's `rules` from 0, and the verdict of a rule that did not
   * match is `no`: `output 3 return`, `output 2 no: uid is {from.uid}`. A rule that matched has a WHY where that is not certain.
   */
  readonly steps: readonly string[];
  /**
   * Its ends, `STEP SOURCE -> DESTINATION`, as it met step 0, and again from each step on by which NAT had rewritten them; behind the last
   * step STEP is their number. A port that the kernel chooses is 0: `0 10.244.0.3:0 -> 10.244.0.2:8080`.
   */
  readonly ends: readonly string[];
  /** `HOOK TABLE CHAIN`: the built-in chain whose policy dropped it, behind the last step. Absent where none did. */
  readonly dropped?: string;
}

/**
 * The predicted way of all flows whose packets meet the same rules. Its texts hold a flow's own values as the names of their fields, in
 * braces, and a brace itself is doubled: `destination port is {to.port}`.
 */
export interface Way {
  /** The flow's connections, `SOURCE -> DESTINATION`: its own, then each that the proxy makes for it. */
  readonly connections: readonly {
    readonly dials: string;
    /** Later packets that meet no rule are left out. */
    readonly packets: readonly WayPacket[];
  }[];
  /** `taken`: rules that did not match are left out, as there are very many. */
  readonly steps: "all" | "taken";
}

/** The ways of a scenario's flows; absent from its report where they were not asked for. */
export interface TracedWays {
  /** Every rule under test, in the tables' order. */
  readonly rules: readonly RulePlace[];
  /** The ways that flows go through these rules, each once. */
  readonly ways: readonly Way[];
}

/** The fields of a flow that a way's texts name. */
export const WAY_FIELDS = ["from.address", "to.address", "to.port", "from.uid", "from.gid"] as const;
