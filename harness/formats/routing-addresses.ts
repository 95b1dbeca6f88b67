import { canonicalAddress, parseNetwork } from "../model/address.ts";
import { codedFinding, type Finding } from "../model/finding.ts";
import { STOPPING_ROUTES } from "../model/policy-routing.ts";
import type { RoutingLine } from "./routing-json.ts";

/** Words behind which an address stands, and those behind which a network does (ip-route(8), ip-rule(8)). */
const BEFORE_ADDRESS: readonly string[] = ["via", "src"];
const BEFORE_NETWORK: readonly string[] = ["from", "to"];
/** Words with which a route begins where its network is the second; further on, `local` is a table. */
const KINDS: readonly string[] = ["local", "unicast", ...STOPPING_ROUTES];
/** What stands for every address. */
const WHOLE: readonly string[] = ["all", "any", "default"];

/**
 * Gives a finding for each word of a line that should be an address or a network and is none: `via 999.1.1.1`. A route or rule that asks
 * for such a word is no kernel's, and must not be passed over.
 *
 * @example
 * findBadAddresses({ line: 1, kind: "route", text: "default via 999.1.1.1 dev eth0", family: null }, "routing.txt")
 * // [{ where: "routing.txt", line: 1, column: 13, message: '"999.1.1.1" is not an address; …', … }]
 */
export function findBadAddresses({ line, text, kind }: RoutingLine, where: string): readonly Finding[] {
  if (kind === "address") return [];
  const words = [...text.matchAll(/\S+/g)].map(({ 0: word, index }) => ({ word, column: index + 1 }));
  return words.flatMap(({ word, column }, i) => {
    const before = words[i - 1]?.word ?? "";
    // A gateway of the other family has that family's name before it.
    if (word === "inet6" || word === "inet") return [];
    const isAddress = BEFORE_ADDRESS.includes(before) || (before.startsWith("inet") && words[i - 2]?.word === "via");
    const isNetwork = BEFORE_NETWORK.includes(before) || (i === 1 && KINDS.includes(before));
    const message = isAddress ? describeAddress(word) : isNetwork ? describeNetwork(word) : null;
    return message === null ? [] : [codedFinding("malformed-text", where, message, line, column)];
  });
}

function describeAddress(word: string): string | null {
  return canonicalAddress(word) === null ? `"${word}" is not an address; correct it, or remove the line.` : null;
}

function describeNetwork(word: string): string | null {
  if (WHOLE.includes(word) || parseNetwork(word) !== null) return null;
  return `"${word}" is neither an address nor a network, such as 10.0.0.0/8; correct it, or remove the line.`;
}
