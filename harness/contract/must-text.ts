import { REQUIREMENTS, type Requirement } from "../model/contract.ts";
import { listWords } from "../model/listed-words.ts";

/** What a clause asks for, as its author writes it. */
export type Must = { readonly kind: "land-on"; readonly listener: string } | { readonly kind: Requirement };

/** The values that `must` takes, as findings list them. */
export const MUST_GRAMMAR = listWords(["land-on LISTENER", ...REQUIREMENTS], "or");

/**
 * Reads `land-on gate-out`, `as-dialled`, `rejected`, `dropped` or `not-leave`; null where it is something else.
 *
 * @example
 * parseMust("land-on gate-out")   // { kind: "land-on", listener: "gate-out" }
 */
export function parseMust(text: string): Must | null {
  const listener = /^land-on (\S+)$/.exec(text)?.[1];
  if (listener !== undefined) return { kind: "land-on", listener };
  const kind = REQUIREMENTS.find((known) => known === text);
  return kind ? { kind } : null;
}
