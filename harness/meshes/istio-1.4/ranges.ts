import { type Family, parseNetwork, renderNetwork } from "../../model/address.ts";
import type { ColumnNote } from "./given.ts";
import { nameElement, STAR_FAULT, splitElements } from "./list.ts";
import { readRangeAsOriginal, warnOfOriginal } from "./original-lists.ts";

/**
 * Gives a list of networks as iptables prints them, host bits masked off, in order, with duplicates: from bare addresses, prefixes and
 * masks of either family. Notes every element that is not one; warns of every element that the original does not read, where its family has
 * rules in this pod.
 */
export function readRanges(
  text: string,
  families: readonly Family[],
  note: ColumnNote,
  warn: ColumnNote,
): readonly string[] {
  return splitElements(text, note).flatMap((element) => {
    const network = parseNetwork(element.text);
    if (network) {
      if (families.includes(network.family)) warnOfOriginal(element, readRangeAsOriginal(element.raw), warn);
      return [renderNetwork(network)];
    }
    const fault = element.text === "*" ? STAR_FAULT : `is neither an address nor a network${explain(element.text)}`;
    note(`${nameElement(element)} ${fault}`, element.column);
    return [];
  });
}

function explain(text: string): string {
  const remedy = "; write 10.0.0.0/8, 10.1.2.3 or 2001:db8::/32. (The original drops such an entry, or stops halfway.)";
  if (/\s/.test(text)) return `, it contains a space; separate ranges by commas${remedy}`;
  return /[g-z]/i.test(text) ? `; names are not looked up${remedy}` : remedy;
}
