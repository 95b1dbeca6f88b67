import { unspecifiedAddress } from "../model/address.ts";
import type { HopLimitTarget, Target, ZoneTarget } from "../model/target.ts";
import { readHostAddress } from "./address-words.ts";
import { badValue, type Fault, type OptionUse } from "./match-module.ts";
import { printOptions, word } from "./side-effect-options.ts";
import { findUse, type TargetModule } from "./target-module.ts";
import { parseNumber } from "./values.ts";

const CHANGES = ["set", "dec", "inc"] as const;
const LISTED: Readonly<Record<HopLimitTarget["change"], string>> = {
  set: "set to",
  dec: "decrement by",
  inc: "increment by",
};
/** CT's options that do not change which connection a packet belongs to, in the order of printing (extensions/libxt_CT.c, 1.8.9). */
const TRACK_OPTIONS = [word("--helper"), word("--timeout"), word("--ctevents"), word("--expevents")];

/** What each of CT's zone options sets (extensions/libxt_CT.c, 1.8.9). */
const ZONE_OPTIONS = { both: "--zone", original: "--zone-orig", reply: "--zone-reply" } as const;
const ZONE_DIRECTIONS = ["both", "original", "reply"] as const;
const MAX_ZONE = 65535;

/** Targets after which the next rule is asked, and that the simulator follows: TTL, HL, TEE, CT (iptables-extensions(8)). */
export const PASSING_TARGETS: Readonly<Record<string, TargetModule>> = {
  TTL: {
    takes: { "--ttl-set": 1, "--ttl-dec": 1, "--ttl-inc": 1 },
    read: (uses, _, column) => readLimit(uses, column),
  },
  HL: { takes: { "--hl-set": 1, "--hl-dec": 1, "--hl-inc": 1 }, read: (uses, _, column) => readLimit(uses, column) },
  TEE: {
    takes: { "--gateway": 1 },
    read: (uses, { family }, column) => {
      const use = findUse(uses, "--gateway");
      if (!use) return { kind: "fault", column, message: "TEE needs --gateway ADDRESS." };
      const gateway = readHostAddress(use.values[0] ?? "", family);
      const isGood = gateway !== null && gateway !== unspecifiedAddress(family);
      return isGood ? { kind: "tee", gateway } : badValue(use, `an IPv${family} address`);
    },
  },
  CT: {
    takes: {
      "--notrack": 0,
      ...Object.fromEntries(
        [...TRACK_OPTIONS.map(({ option }) => option), ...Object.values(ZONE_OPTIONS)].map((option) => [option, 1]),
      ),
    },
    read: (uses) => {
      const direction = ZONE_DIRECTIONS.find((each) => findUse(uses, ZONE_OPTIONS[each]));
      if (direction !== undefined) return uses.length === 1 ? readZone(direction, uses) : "opaque";
      if (findUse(uses, "--notrack")) return uses.length === 1 ? { kind: "notrack", module: "CT" } : "opaque";
      const printed = printOptions(uses, TRACK_OPTIONS);
      return "text" in printed ? { kind: "track", options: printed.text } : badValue(printed.refused, printed.takes);
    },
  },
};

/** `mark` in any case, or a number; iptables prints zone 0, the default, as no option at all. */
function readZone(direction: ZoneTarget["direction"], [use]: readonly OptionUse[]): Target | Fault | "opaque" {
  const text = use?.values[0] ?? "";
  if (text.toLowerCase() === "mark") return { kind: "zone", module: "CT", direction, zone: "mark" };
  const zone = parseNumber(text, MAX_ZONE);
  if (zone === 0) return { kind: "track", options: "" };
  if (zone !== null) return { kind: "zone", module: "CT", direction, zone };
  return use ? badValue(use, `a zone from 0 to ${MAX_ZONE}, or mark`) : "opaque";
}

function readLimit(uses: readonly OptionUse[], column: number): Target | Fault {
  const [use, ...more] = uses;
  if (!use || more.length > 0)
    return { kind: "fault", column, message: "TTL and HL need one of -set, -dec, -inc, with a number." };
  const change = CHANGES.find((each) => use.option.endsWith(`-${each}`)) ?? "set";
  const value = parseNumber(use.values[0] ?? "", 255);
  const isGood = value !== null && (value > 0 || change === "set");
  return isGood ? { kind: "hop-limit", change, value } : badValue(use, "a number from 0 to 255; -dec and -inc from 1");
}

type PassingTarget = Extract<Target, { readonly kind: "hop-limit" | "tee" | "track" | "zone" }>;

/** Gives such a target as iptables prints it; IPv4 calls the hop limit TTL, IPv6 HL. */
export function renderPassingTarget(target: PassingTarget, family: 4 | 6): string {
  switch (target.kind) {
    case "hop-limit":
      return family === 4 ? `TTL --ttl-${target.change} ${target.value}` : `HL --hl-${target.change} ${target.value}`;
    case "tee":
      return `TEE --gateway ${target.gateway}`;
    case "track":
      return target.options === "" ? "CT" : `CT ${target.options}`;
    case "zone":
      return `CT ${ZONE_OPTIONS[target.direction]} ${target.zone}`;
  }
}

/** Gives what `iptables -L` prints of it behind everything else. */
export function listPassingTarget(target: PassingTarget, family: 4 | 6): string {
  switch (target.kind) {
    case "hop-limit":
      return `${family === 4 ? "TTL" : "HL"} ${LISTED[target.change]} ${target.value}`;
    case "tee":
      return `TEE gw:${target.gateway}`;
    case "track":
      return ["CT", target.options.replaceAll("--", "")].filter((part) => part !== "").join(" ");
    case "zone":
      return `CT ${ZONE_OPTIONS[target.direction].replace("--", "")} ${target.zone}`;
  }
}
