import type { Hook } from "./hook.ts";
import type { RulePlace } from "./rule-place.ts";

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
  /** `unknown` where a match is not understood. */
  readonly matched: boolean | "unknown";
  /** Null where the rule did not match. */
  readonly verdict: Verdict | null;
  /** Why it did not match, as a short clause naming the first match that failed and the packet's value; null where it matched. */
  readonly why: string | null;
}
