import { type Family, unspecifiedAddress } from "../model/address.ts";
import type { Target } from "../model/target.ts";
import type { Naming } from "./listing-names.ts";
import { renderNatTarget } from "./nat-targets.ts";
import { renderNftTarget } from "./nft/quote.ts";
import { listPassingTarget } from "./passing-targets.ts";
import { LOG_FLAGS, LOG_LEVELS } from "./plain-targets.ts";
import { listSideEffect } from "./side-effect-targets.ts";
import { renderTarget } from "./targets.ts";
import { FULL_MASK, renderHex } from "./values.ts";
import { splitWords } from "./words.ts";

/** Gives the column `target` of `iptables -L`; empty for a rule that only counts. NOTRACK is a form of CT, and prints so. */
export function nameTarget(target: Target | null, family: Family): string {
  if (target === null) return "";
  if (target.kind === "jump" || target.kind === "goto") return target.chain;
  if (target.kind === "notrack") return "CT";
  return renderTarget(target, family).split(" ")[1] ?? "";
}

/** Gives what `iptables -L` prints of a target behind everything else, a blank before it (extensions/libxt_*.c, `print`, 1.8.9). */
export function describeTarget(target: Target | null, family: Family, naming: Naming): string {
  const details = target ? describe(target, family, naming) : "";
  return details === "" ? "" : ` ${details}`;
}

function describe(target: Target, family: Family, naming: Naming): string {
  switch (target.kind) {
    case "reject":
      return `reject-with ${target.with}`;
    case "notrack":
      return target.module === "CT" ? "CT notrack" : "NOTRACK";
    case "log":
      return describeLog(target.options, naming);
    case "redirect":
    case "masquerade":
    case "dnat":
    case "snat":
      return describeNat(renderNatTarget(target));
    case "mark":
      return `MARK ${describeSetting(target.value, target.mask)}`;
    case "connmark-set":
      return `CONNMARK ${describeSetting(target.value, target.mask)}`;
    case "connmark-save":
      return `CONNMARK save${describeMasks("nfmask", target.nfmask, "ctmask", target.ctmask)}`;
    case "connmark-restore":
      return `CONNMARK restore${describeMasks("ctmask", target.ctmask, "nfmask", target.nfmask)}`;
    case "tproxy": {
      const mark = `${renderHex(target.mark.value)}/${renderHex(target.mark.mask)}`;
      return `TPROXY redirect ${target.address ?? unspecifiedAddress(family)}:${target.port} mark ${mark}`;
    }
    case "hop-limit":
    case "tee":
    case "track":
    case "zone":
      return listPassingTarget(target, family);
    case "side-effect":
      return listSideEffect(target);
    case "statements":
    case "map":
    case "assign":
    case "tproxy-socket":
    case "counter":
    case "continue":
      return renderNftTarget(target);
    case "unknown":
      return target.text.split(" ").slice(2).join(" ");
    case "accept":
    case "drop":
    case "return":
    case "jump":
    case "goto":
      return "";
  }
}

/** `DNAT --to-destination X --random` prints as `to:X random`, REDIRECT's and MASQUERADE's ports each in words of their own. */
function describeNat(text: string): string {
  return text
    .replace(/^REDIRECT --to-ports/, "redir ports")
    .replace(/^MASQUERADE --to-ports/, "masq ports:")
    .replace(/^[DS]NAT --to-(destination|source) /, "to:")
    .replace(/^(REDIRECT|MASQUERADE) ?/, "")
    .replaceAll("--", "");
}

function describeSetting(value: number, mask: number): string {
  if (value === 0) return `and ${renderHex(~mask >>> 0)}`;
  if (value === mask) return `or ${renderHex(value)}`;
  if (mask === 0) return `xor ${renderHex(value)}`;
  return mask === FULL_MASK ? `set ${renderHex(value)}` : `xset ${renderHex(value)}/${renderHex(mask)}`;
}

function describeMasks(firstName: string, first: number, secondName: string, second: number): string {
  if (first === FULL_MASK && second === FULL_MASK) return "";
  return first === second
    ? ` mask ${renderHex(first)}`
    : ` ${firstName} ${renderHex(first)} ${secondName} ~${renderHex(second)}`;
}

function describeLog(options: string, naming: Naming): string {
  const split = splitWords(options);
  const words = split.kind === "words" ? split.words.map((word) => word.text) : [];
  const valueBehind = (option: string) => (words.includes(option) ? words[words.indexOf(option) + 1] : undefined);
  const level = Number(valueBehind("--log-level") ?? 4);
  const prefix = valueBehind("--log-prefix");
  const flags = LOG_FLAGS.filter((flag) => words.includes(`--${flag}`));
  const bits = flags.reduce((sum, flag) => sum + 2 ** LOG_FLAGS.indexOf(flag), 0);
  const parts =
    naming === "numbers"
      ? [`LOG flags ${bits} level ${level}`]
      : [`LOG level ${LOG_LEVELS[level]?.[0]}`, ...flags.map((flag) => flag.replace("log-", ""))];
  return [...parts, ...(prefix === undefined ? [] : [`prefix "${prefix}"`])].join(" ");
}
