import type { Family } from "../model/address.ts";
import type { AddressRangeMatch, AddressTypeMatch } from "../model/match.ts";
import { readShortAddress } from "./address-words.ts";
import {
  badValue,
  type Fault,
  type MatchModule,
  type MatchText,
  type OptionUse,
  orBadValue,
  type ReadContext,
  renderNegation,
} from "./match-module.ts";

/** Types of the routing table in the order iptables prints them (extensions/libxt_addrtype.c, 1.8.9). */
const ADDRESS_TYPES = [
  "UNSPEC",
  "UNICAST",
  "LOCAL",
  "BROADCAST",
  "ANYCAST",
  "MULTICAST",
  "BLACKHOLE",
  "UNREACHABLE",
  "PROHIBIT",
  "THROW",
  "NAT",
  "XRESOLVE",
];

/** The modules that look at addresses beyond `-s` and `-d`: iprange, addrtype. */
export const ADDRESS_MODULES: Readonly<Record<string, MatchModule>> = {
  iprange: {
    takes: { "--src-range": 1, "--dst-range": 1 },
    read: (uses, context) => uses.map((use) => readRange(use, context)),
  },
  addrtype: {
    takes: { "--src-type": 1, "--dst-type": 1, "--limit-iface-in": 0, "--limit-iface-out": 0 },
    read: (uses) => uses.filter((use) => use.option.endsWith("-type")).map((use) => readType(use, limitOf(uses))),
  },
};

function readRange(use: OptionUse, context: ReadContext): AddressRangeMatch | Fault {
  const range = readRangeOf(use.values[0] ?? "", context.family);
  const kind = use.option === "--src-range" ? "source-range" : "destination-range";
  return orBadValue(range && { kind, negated: use.negated, ...range }, use, `an IPv${context.family} range FIRST-LAST`);
}

function readRangeOf(text: string, family: Family): Pick<AddressRangeMatch, "first" | "last"> | null {
  const [firstText = "", lastText = firstText, ...rest] = text.split("-");
  const [first, last] = [readShortAddress(firstText, family), readShortAddress(lastText, family)];
  return first === null || last === null || rest.length > 0 ? null : { first, last };
}

function limitOf(uses: readonly OptionUse[]): AddressTypeMatch["limit"] {
  if (uses.some((use) => use.option === "--limit-iface-in")) return "in";
  return uses.some((use) => use.option === "--limit-iface-out") ? "out" : null;
}

function readType(use: OptionUse, limit: AddressTypeMatch["limit"]): AddressTypeMatch | Fault {
  const named = (use.values[0] ?? "").toUpperCase().split(",");
  const types = ADDRESS_TYPES.filter((type) => named.includes(type));
  if (types.length !== new Set(named).size) return badValue(use, `types among ${ADDRESS_TYPES.join(", ")}`);
  return { kind: use.option === "--src-type" ? "source-type" : "destination-type", negated: use.negated, types, limit };
}

/** Gives a match on an address range or type as iptables prints it; a limit stands behind the last type. */
export function renderAddressMatch(match: AddressRangeMatch | AddressTypeMatch): MatchText {
  const not = renderNegation(match.negated);
  const side = match.kind.startsWith("source") ? "src" : "dst";
  const slot = side === "src" ? 0 : 1;
  if ("first" in match) {
    return { module: "iprange", slot, text: `${not}--${side}-range ${match.first}-${match.last}` };
  }
  return { module: "addrtype", slot, text: `${not}--${side}-type ${match.types.join(",")}` };
}
