/**
 * What decided where a flow landed. `rule`: one of its `rules`, counted from 0. `policy`: that of a built-in chain, which dropped a packet:
 * `filter INPUT`. `nothing`: no rule did, and it went where it was dialled.
 */
export type DecidedBy =
  | { readonly kind: "rule"; readonly rule: number }
  | { readonly kind: "policy"; readonly policy: string }
  | { readonly kind: "nothing" };
