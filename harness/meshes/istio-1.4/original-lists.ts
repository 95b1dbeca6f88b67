import type { ColumnNote } from "./given.ts";
import { type Element, nameElement } from "./list.ts";

/**
 * What the original does with one element of a list, as it is written, blanks included:
 * `counts`: reads it as landfall does; `drops`: leaves it out and says nothing; `never-matches`: makes a rule that no packet matches;
 * `stops`: ends in the middle of its work, because iptables refuses the element.
 */
export type OriginalReading = "counts" | "drops" | "never-matches" | "stops";

/** What landfall reads an element as, in the words of a warning. */
const CONSEQUENCES: Readonly<Record<Exclude<OriginalReading, "counts">, string>> = {
  drops: "The original silently drops it",
  "never-matches": "The original makes a rule for it that never matches",
  stops: "The original stops halfway at this point, because iptables rejects it",
};

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const IPV6_SECTION = /^[0-9a-fA-F]{1,4}$/;

/**
 * Says how the original reads an element of `-i` or `-x`. It takes the text before the last slash and compares it with its own patterns
 * (`isIPv4` and `isIPv6` of istio-iptables.sh): a blank there, "::" at the beginning or an IPv4 address at the end of an IPv6 one match
 * neither, and the element is dropped. What follows the slash goes to iptables, which skips blanks before a number, and refuses one behind.
 */
export function readRangeAsOriginal(raw: string): OriginalReading {
  const address = raw.replace(/\/[^/]*$/, "");
  if (!IPV4.test(address) && !isIpv6AsOriginal(address)) return "drops";
  return /\s$/.test(raw) ? "stops" : "counts";
}

/**
 * Says whether the original takes a text for an IPv6 address (`isIPv6` of istio-iptables.sh): at most eight parts, the first not empty, and
 * one empty part at most.
 */
export function isIpv6AsOriginal(address: string): boolean {
  // `read -a` of bash ends the last field at a colon behind it, and gives no empty one for it.
  const parts = address.replace(/:$/, "").split(":");
  if (parts.length > 8 || !IPV6_SECTION.test(parts[0] ?? "")) return false;
  return (
    parts.every((part) => part === "" || IPV6_SECTION.test(part)) && parts.filter((part) => part === "").length <= 1
  );
}

/** Blanks that C counts as such, a number behind them, and no blank at the end: what `strtoul` and iptables read. */
const READABLE_NUMBER = /^[ \t\v\f\r]*\d(?:.*\S)?$/;

/** Says how the original reads an element of `-b`, `-d`, `-o`, `-u` or `-g`: iptables skips blanks before a number and nowhere else. */
export function readNumberAsOriginal(raw: string): OriginalReading {
  return raw === raw.trim() || READABLE_NUMBER.test(raw) ? "counts" : "stops";
}

/** Says how the original reads an element of `-k`: iptables takes a blank for a part of the name, which no interface has. */
export function readInterfaceAsOriginal(raw: string): OriginalReading {
  return /\s/.test(raw) ? "never-matches" : "counts";
}

/** Warns of an element of a list, or of a whole value, that landfall reads and the original does not. */
export function warnOfOriginal(given: Element | string, reading: OriginalReading, warn: ColumnNote): void {
  if (reading === "counts") return;
  const isWhole = typeof given === "string";
  const raw = isWhole ? given : given.raw;
  const remedy = /\s/.test(raw) ? "Remove the space." : "Write it differently if the original has to read it too.";
  const named = isWhole ? `"${raw}"` : nameElement({ ...given, text: raw });
  warn(`${named} counts here. ${CONSEQUENCES[reading]}. ${remedy}`, isWhole ? null : given.column);
}
