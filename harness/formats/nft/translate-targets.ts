import type { Family } from "../../model/address.ts";
import { WHOLE_MARK } from "../../model/policy-routing.ts";
import type { ConnmarkTarget, Target, TproxyTarget } from "../../model/target.ts";

/** What does in nftables what a target of iptables does, each alternative a rule of its own with the same matches; or why nothing does. */
export type TranslatedTarget = readonly (readonly Target[])[] | { readonly why: string };

/** Errors of REJECT that nftables names otherwise (nft(8), REJECT STATEMENT). */
const ERRORS: Readonly<Record<string, string>> = {
  "icmp-proto-unreachable": "icmp-prot-unreachable",
  "icmp6-adm-prohibited": "icmp6-admin-prohibited",
};

/** Gives what a target of iptables is in nftables' words. */
export function translateTarget(target: Target | null, family: Family): TranslatedTarget {
  if (target === null) return [[]];
  switch (target.kind) {
    case "accept":
    case "drop":
    case "return":
    case "jump":
    case "goto":
    case "redirect":
    case "dnat":
    case "snat":
    case "masquerade":
    case "statements":
    case "map":
    case "assign":
    case "tproxy-socket":
    case "counter":
    case "continue":
      return [[target]];
    case "zone":
      return [[{ ...target, module: "nft" }]];
    case "notrack":
      return [[{ kind: "notrack", module: "nft" }]];
    case "reject":
      return [[{ kind: "reject", with: ERRORS[target.with] ?? target.with }]];
    case "mark":
      return [[setBits("packet", target)]];
    case "connmark-set":
      return [[setBits("connection", target)]];
    case "connmark-save":
    case "connmark-restore":
      return translateCopy(target);
    case "tproxy":
      return translateTproxy(target);
    case "log":
      return [[{ kind: "log", options: logOptions(target.options) }]];
    case "track":
      return no(`CT ${target.options}`);
    case "hop-limit":
      return no(family === 4 ? "TTL" : "HL");
    case "tee":
      return no("TEE");
    case "side-effect":
      return no(target.name);
    case "unknown":
      return no(target.text);
  }
}

function no(what: string): TranslatedTarget {
  return { why: `nothing of nftables that landfall writes is ${what}` };
}

/** `mark = (mark & ~mask) ^ value`; one that keeps none of its bits is a number. */
function setBits(
  which: "packet" | "connection",
  { value, mask }: { readonly value: number; readonly mask: number },
): Target {
  const and = ~mask >>> 0;
  return { kind: "assign", to: which, from: and === 0 ? "value" : which, and, xor: value };
}

/** nftables sets all bits of a mark, so that only a copy that replaces all of them is one. */
function translateCopy(target: ConnmarkTarget): TranslatedTarget {
  if (target.kind === "connmark-set") return no("CONNMARK");
  const isSave = target.kind === "connmark-save";
  const [kept, taken] = isSave ? [target.ctmask, target.nfmask] : [target.nfmask, target.ctmask];
  if (kept !== WHOLE_MARK) return no(`CONNMARK with the mask 0x${kept.toString(16)}`);
  return [
    [
      {
        kind: "assign",
        to: isSave ? "connection" : "packet",
        from: isSave ? "packet" : "connection",
        and: taken,
        xor: 0,
      },
    ],
  ];
}

/** iptables' TPROXY ends the chain, and drops what no listener takes; nftables' goes on in either case. */
function translateTproxy({ port, address, mark }: TproxyTarget): TranslatedTarget {
  const isAny = address === null || address === "0.0.0.0" || address === "::";
  return [
    [
      { kind: "tproxy-socket", port: port === 0 ? null : port, address: isAny ? null : address },
      setBits("packet", mark),
      { kind: "accept" },
    ],
    [{ kind: "drop" }],
  ];
}

/** What is logged, and how, changes no landing: the prefix is kept. */
function logOptions(options: string): string {
  const prefix = /--log-prefix ("[^"]*"|\S+)/.exec(options)?.[1];
  if (prefix === undefined) return "";
  return `prefix ${prefix.startsWith('"') ? prefix : `"${prefix}"`}`;
}
