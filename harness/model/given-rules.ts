import type { PodRules } from "./ruleset.ts";

/**
 * A text of rules as the kernel's own tools take it, and what landfall has read in it. `landfall` is to understand a text as they do: a
 * sandbox loads both and compares what the kernel then has.
 *
 * @example
 * { where: "pod.rules", ip: "*nat\n-A OUTPUT -p tcp -j REDIRECT --to-ports 15001\nCOMMIT\n", ip6: null, nft: null, namesFrom: "nowhere",
 *   isWhole: true, read: { ip: { family: 4, tables: […] }, ip6: null } }
 */
export interface GivenRules {
  /** The text as errors name it. */
  readonly where: string;
  /** The lines for iptables-restore; null where there are none. */
  readonly ip: string | null;
  /** The lines for ip6tables-restore; null where there are none. */
  readonly ip6: string | null;
  /** The text or JSON for `nft -f`; null where it is not of nft. */
  readonly nft: string | null;
  /** Whether names of users or services stand in it, which another machine may know otherwise. */
  readonly namesFrom: "this-machine" | "nowhere";
  /** Whether `read` is all that is in the text; else there are chains or tables beside it that landfall leaves out of a sandbox. */
  readonly isWhole: boolean;
  readonly read: Pick<PodRules, "ip" | "ip6">;
}

/** A text of rules as a tool loads it: `{ tool: "iptables-restore", text: "*nat\n…COMMIT\n" }`. */
export type LoadableTexts = Pick<GivenRules, "ip" | "ip6" | "nft">;
