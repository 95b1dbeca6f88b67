import type { RulePlace, TableName } from "./ruleset.ts";

/** The five hooks of the kernel's packet path. */
export type Hook = "prerouting" | "input" | "forward" | "output" | "postrouting";

/** What a rule, or a built-in chain's policy, decided. `continue`: the target let the packet go on (LOG, MARK, no target). */
export type Verdict =
  | "accept"
  | "drop"
  | "return"
  | "jump"
  | "goto"
  | "redirect"
  | "dnat"
  | "snat"
  | "tproxy"
  | "reject"
  | "notrack"
  | "continue"
  | "unknown";

/** One rule that a packet met on its way. */
export interface TraceStep extends RulePlace {
  readonly hook: Hook;
  readonly table: TableName;
  /** `unknown` where a match is not understood. */
  readonly matched: boolean | "unknown";
  /** Null where the rule did not match. */
  readonly verdict: Verdict | null;
  /** Why it did not match, as a short clause naming the first match that failed and the packet's value; null where it matched. */
  readonly why: string | null;
}
