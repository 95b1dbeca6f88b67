import type { ColumnNote } from "./given.ts";
import { nameElement, splitElements } from "./list.ts";
import { readInterfaceAsOriginal, warnOfOriginal } from "./original-lists.ts";

/** Bytes of an interface's name at most: IFNAMSIZ less its ending zero (linux/if.h). */
const MAX_NAME_BYTES = 15;

/**
 * Gives a list of interface names; a trailing `+` stands for any ending, as in iptables. Notes every element that no
 * interface can have as its name; warns of every element that the original reads otherwise.
 */
export function readInterfaces(text: string, note: ColumnNote, warn: ColumnNote): readonly string[] {
  return splitElements(text, note).flatMap((element) => {
    const fault = faultOf(element.text);
    if (fault === null) {
      warnOfOriginal(element, readInterfaceAsOriginal(element.raw), warn);
      return [element.text];
    }
    note(`${nameElement(element)} ${fault}`, element.column);
    return [];
  });
}

function faultOf(name: string): string | null {
  if (new TextEncoder().encode(name).length > MAX_NAME_BYTES) {
    return `is too long for an interface name: the maximum is ${MAX_NAME_BYTES} bytes.`;
  }
  if (name === "*" || name === "+") return "means every interface, including the pod's own; name the interfaces.";
  if (/[\s/:"'\\*!]/.test(name) || /^[-.]/.test(name)) return "is not a valid interface name.";
  return null;
}
