import { EVERY_CODE, isAnyIcmpType, isEveryCode } from "../model/icmp.ts";
import type { IcmpTypeMatch } from "../model/match.ts";
import {
  type Fault,
  type MatchModule,
  type MatchText,
  type OptionUse,
  orBadValue,
  renderNegation,
} from "./match-module.ts";
import { parseNumber } from "./values.ts";

const HIGHEST = 255;
const OPTIONS = { icmp: "--icmp-type", icmp6: "--icmpv6-type" } as const;

/** What an option names: a type with one code, or with all of them. */
type NamedType = Pick<IcmpTypeMatch, "type" | "codes">;

/**
 * The names of types, each as NAME=TYPE or NAME=TYPE/CODE, in the order of iptables (extensions/libxt_icmp.h, 1.8.9): of several names for
 * one type `-L` prints the first.
 */
const NAMES = {
  icmp: listNames(
    "any=255 echo-reply=0 pong=0 destination-unreachable=3 network-unreachable=3/0 host-unreachable=3/1 protocol-unreachable=3/2 " +
      "port-unreachable=3/3 fragmentation-needed=3/4 source-route-failed=3/5 network-unknown=3/6 host-unknown=3/7 " +
      "network-prohibited=3/9 host-prohibited=3/10 TOS-network-unreachable=3/11 TOS-host-unreachable=3/12 " +
      "communication-prohibited=3/13 host-precedence-violation=3/14 precedence-cutoff=3/15 source-quench=4 redirect=5 " +
      "network-redirect=5/0 host-redirect=5/1 TOS-network-redirect=5/2 TOS-host-redirect=5/3 echo-request=8 ping=8 " +
      "router-advertisement=9 router-solicitation=10 time-exceeded=11 ttl-exceeded=11 ttl-zero-during-transit=11/0 " +
      "ttl-zero-during-reassembly=11/1 parameter-problem=12 ip-header-bad=12/0 required-option-missing=12/1 " +
      "timestamp-request=13 timestamp-reply=14 address-mask-request=17 address-mask-reply=18",
  ),
  icmp6: listNames(
    "destination-unreachable=1 no-route=1/0 communication-prohibited=1/1 beyond-scope=1/2 address-unreachable=1/3 " +
      "port-unreachable=1/4 failed-policy=1/5 reject-route=1/6 packet-too-big=2 time-exceeded=3 ttl-exceeded=3 " +
      "ttl-zero-during-transit=3/0 ttl-zero-during-reassembly=3/1 parameter-problem=4 bad-header=4/0 " +
      "unknown-header-type=4/1 unknown-option=4/2 echo-request=128 ping=128 echo-reply=129 pong=129 " +
      "router-solicitation=133 router-advertisement=134 neighbour-solicitation=135 neighbor-solicitation=135 " +
      "neighbour-advertisement=136 neighbor-advertisement=136 redirect=137",
  ),
} as const;

/** What `--icmp-type` takes, as an error says it. */
export const ICMP_TYPE_WANTED = "a type's name, its number, or TYPE/CODE";

function listNames(text: string): readonly (NamedType & { readonly name: string })[] {
  return text.split(" ").map((entry) => {
    const [name = "", type = "", code] = entry.split(/[=/]/);
    return { name, type: Number(type), codes: codesOf(code === undefined ? null : Number(code)) };
  });
}

function codesOf(code: number | null): NamedType["codes"] {
  return code === null ? EVERY_CODE : { first: code, last: code };
}

/**
 * Gives the type that a value of `--icmp-type` or `--icmpv6-type` names, by its name, the beginning of a name that no other name has, its
 * number, or TYPE/CODE; null where it names none (`parse_icmp` in extensions/libxt_icmp.h).
 *
 * @example
 * readIcmpType("3/1", "icmp")    // { type: 3, codes: { first: 1, last: 1 } }
 * readIcmpType("ping", "icmp6")  // { type: 128, codes: { first: 0, last: 255 } }
 */
export function readIcmpType(value: string, module: IcmpTypeMatch["module"]): NamedType | null {
  const lower = value.toLowerCase();
  const [named, ...others] = NAMES[module].filter(({ name }) => name.toLowerCase().startsWith(lower));
  if (named && others.length === 0) return { type: named.type, codes: named.codes };
  const [type = null, code = null, ...rest] = value.split("/").map((part) => parseNumber(part, HIGHEST));
  if (type === null || (code === null && value.includes("/")) || rest.length > 0) return null;
  return { type, codes: codesOf(code) };
}

/** The modules that look at the header of ICMP: icmp, and icmp6 of IPv6. */
export const ICMP_MODULES: Readonly<Record<string, MatchModule>> = {
  icmp: makeIcmpModule("icmp"),
  icmp6: makeIcmpModule("icmp6"),
};

function makeIcmpModule(module: IcmpTypeMatch["module"]): MatchModule {
  return { takes: { [OPTIONS[module]]: 1 }, read: (uses) => uses.map((use) => readUse(use, module)) };
}

function readUse(use: OptionUse, module: IcmpTypeMatch["module"]): IcmpTypeMatch | Fault {
  const named = readIcmpType(use.values[0] ?? "", module);
  return orBadValue<IcmpTypeMatch>(
    named && { kind: "icmp-type", module, negated: use.negated, ...named },
    use,
    ICMP_TYPE_WANTED,
  );
}

/** Gives a match on a type of ICMP as iptables prints it. */
export function renderIcmpMatch({ module, negated, type, codes }: IcmpTypeMatch): MatchText {
  const name = isAnyIcmpType({ module, type }) ? "any" : `${type}${isEveryCode(codes) ? "" : `/${codes.first}`}`;
  return { module, slot: 0, text: `${renderNegation(negated)}${OPTIONS[module]} ${name}` };
}

/** Gives a match on a type of ICMP as `iptables -L` prints it, with names or, as `-L -n`, with numbers. */
export function describeIcmpMatch(match: IcmpTypeMatch, naming: "names" | "numbers"): string {
  const { module, negated, type, codes } = match;
  const protocol = module === "icmp" ? "icmp" : "ipv6-icmp";
  const named = NAMES[module].find(
    (one) => one.type === type && one.codes.first === codes.first && one.codes.last === codes.last,
  );
  if (naming === "names" && named) return `${protocol} ${negated ? "!" : ""}${named.name}`;
  return `${protocol}${negated ? " !" : ""}type ${type}${isEveryCode(codes) ? "" : ` code ${codes.first}`}`;
}
