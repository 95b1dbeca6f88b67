/** What a table, and in the end a hook, decides of a packet. `with` is REJECT's answer as iptables prints it. */
export type Decision =
  | { readonly kind: "accept" }
  | { readonly kind: "drop" }
  | { readonly kind: "reject"; readonly with: string };

/** What a whole chain decides: a decision, or that the packet came out at its end (or by RETURN) undecided. */
export type ChainVerdict = Decision | { readonly kind: "undecided" };

/** The decision to let a packet go on: no further rule of this chain sees it, the next chain at the hook does. */
export const ACCEPT: Decision = { kind: "accept" };
/** The decision to lose a packet without a word. */
export const DROP: Decision = { kind: "drop" };
/** The chain verdict of a packet that came out undecided. */
export const UNDECIDED: ChainVerdict = { kind: "undecided" };
