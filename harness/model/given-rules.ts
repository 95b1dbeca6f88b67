import type { PodRules } from "./ruleset.ts";

/** Texts of rules as the kernel's own tools load them. */
export interface LoadableTexts {
  /** For iptables-restore; null where there is none. */
  readonly ip: string | null;
  /** For ip6tables-restore; null where there is none. */
  readonly ip6: string | null;
  /** The text or JSON for `nft -f`; null where there is none. */
  readonly nft: string | null;
}

/**
 * A text of rules as the kernel's own tools take it, and what landfall has read in it. landfall is to understand a text as they do: a
 * sandbox loads both and compares what the kernel then has.
 *
 * @example
 * { where: "pod.rules", namesFrom: "nowhere", isWhole: true, read: { ip: { family: 4, tables: […] }, ip6: null },
 *   texts: () => ({ ip: "*nat\n-A OUTPUT -p tcp -j REDIRECT --to-ports 15001\nCOMMIT\n", ip6: null, nft: null }) }
 */
export interface GivenRules {
  /** The text as errors name it. */
  readonly where: string;
  /** Gives what the tools load. Only a sandbox asks for it: most commands never do. */
  readonly texts: () => LoadableTexts;
  /** Whether names of users or services stand in it, which another machine may know otherwise. */
  readonly namesFrom: "this-machine" | "nowhere";
  /** Whether `read` is all that is in the text; else there are chains or tables beside it that landfall leaves out of a sandbox. */
  readonly isWhole: boolean;
  readonly read: Pick<PodRules, "ip" | "ip6">;
}
