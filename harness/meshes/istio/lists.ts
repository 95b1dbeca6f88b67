import type { Range } from "../../model/match.ts";
import type { NameLookup } from "../../model/name-lookups.ts";
import { MAX_ID } from "../../model/pod.ts";
import { describeFallingRange, faultOfTable, type Note, readNetwork, readPortRange, splitList } from "../values.ts";

/** The highest mark, and the highest number of a routing table. */
export const HIGHEST_NUMBER = 0xffffffff;

/** Reads one entry of a list; notes what is wrong and gives null. */
export type ReadEntry<T> = (entry: string, note: Note) => T | null;

/**
 * Reads a list as the tool does: empty entries are passed over. It puts the others into lines of `iptables-restore`, where blanks around
 * them do no harm; only networks it reads itself, and there a blank is an error.
 */
export function readList<T>(text: string, read: ReadEntry<T>, note: Note): readonly T[] {
  return splitList(text)
    .filter((entry) => entry !== "")
    .flatMap((entry) => {
      if (entry.trim() === "") note("A list entry contains only spaces; remove it.");
      else if (read === readCidr && /\s/.test(entry)) note(`"${entry}" contains a space; remove it.`);
      else return read(entry.trim(), note) ?? [];
      return [];
    });
}

/** Reads a list that may be `*` instead, which stands alone. */
export function readListOrAll<T>(text: string, read: ReadEntry<T>, note: Note): "*" | readonly T[] {
  if (text === "*") return "*";
  if (!splitList(text).some((entry) => entry.trim() === "*")) return readList(text, read, note);
  note('"*" means all and must be the only entry.');
  return [];
}

/**
 * Gives a reader of ports as iptables takes them: 80, 8000:8100, 8000: up to the last one, or a service's name. With native rules nft reads
 * what is written: a range is 8000-8100, and a colon ends the tool.
 */
export function portReader(lookUp: NameLookup, native: "on" | "off"): ReadEntry<Range> {
  return (entry, note) => {
    if (!/^[a-z]/i.test(entry)) return readPortRange(entry, native === "on" ? "-" : ":", note);
    const port = lookUp(entry);
    if (port === null) note(`"${entry}" is neither a port nor a service name known here; write the number.`);
    return port === null ? null : { first: port, last: port };
  };
}

/** Gives a reader of owners as iptables takes them: 1337, 1000-2000, or the name of a user or group. */
export function ownerReader(what: "uid" | "gid", lookUp: NameLookup): ReadEntry<Range> {
  const kind = what === "uid" ? "user" : "group";
  return (entry, note) => {
    const named = /^\d+$/.test(entry) ? null : lookUp(entry);
    const [, from = "", to = from] = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(entry) ?? [];
    const [first, last] = named === null ? [from, to].map((end) => (end === "" ? -1 : Number(end))) : [named, named];
    if (first !== undefined && last !== undefined && 0 <= first && first <= last && last <= MAX_ID)
      return { first, last };
    const isFalling = first !== undefined && last !== undefined && first > last && last >= 0;
    note(
      isFalling
        ? `"${entry}" ${describeFallingRange(first, last, "-")}`
        : `"${entry}" is neither a ${what} from 0 to ${MAX_ID}, nor a range such as 1000-2000, nor the name of a ${kind} known here; write the number.`,
    );
    return null;
  };
}

/** Reads a network in CIDR form. The tool takes no address without a length (netip.ParsePrefix). */
export const readCidr: ReadEntry<string> = (entry, note) => readNetwork(entry, "refused", note);

/** The kernel's limit, less the zero at the end (IFNAMSIZ in include/uapi/linux/if.h). */
const NAME_LENGTH_AT_MOST = 15;

/** Reads an interface's name as iptables takes it; a `+` at its end stands for any ending. */
export const readInterface: ReadEntry<string> = (entry, note) => {
  if (!/[\s/!]/.test(entry) && entry.length <= NAME_LENGTH_AT_MOST) return entry;
  note(`"${entry}" is not an interface name; use at most ${NAME_LENGTH_AT_MOST} characters, without spaces, / or !.`);
  return null;
};

/** Gives a reader of whole decimal numbers from 1 to a highest one; `what` names the number. */
export function numberReader(what: string, highest: number): ReadEntry<number> {
  return (text, note) => {
    const number = /^\d{1,10}$/.test(text) ? Number(text) : 0;
    if (number >= 1 && number <= highest) return number;
    note(`"${text}" is not ${what}; write a decimal number from 1 to ${highest}.`);
    return null;
  };
}

/** Reads a routing table for captured packets: a whole decimal number from 1, of none of the kernel's own tables. */
export const readRouteTable: ReadEntry<number> = (text, note) => {
  const table = numberReader("a routing table", HIGHEST_NUMBER)(text, note);
  const fault = table === null ? null : faultOfTable(table, text);
  if (fault === null) return table;
  note(fault);
  return null;
};
