import type { Family } from "../model/address.ts";
import type { Target } from "../model/target.ts";
import { badValue, type Fault, type OptionUse, type ReadContext } from "./match-module.ts";
import { findUse, firstValue, flagsOf, type TargetModule } from "./target-module.ts";
import { parseNumber } from "./values.ts";
import { quoteWord } from "./words.ts";

/** How REJECT can answer, with the short names it also takes (extensions/libipt_REJECT.c, libip6t_REJECT.c, 1.8.9). */
const REJECT_WITH: Readonly<Record<Family, readonly (readonly [name: string, alias: string])[]>> = {
  4: [
    ["icmp-net-unreachable", "net-unreach"],
    ["icmp-host-unreachable", "host-unreach"],
    ["icmp-proto-unreachable", "proto-unreach"],
    ["icmp-port-unreachable", "port-unreach"],
    ["icmp-net-prohibited", "net-prohib"],
    ["icmp-host-prohibited", "host-prohib"],
    ["tcp-reset", "tcp-rst"],
    ["icmp-admin-prohibited", "admin-prohib"],
  ],
  6: [
    ["icmp6-no-route", "no-route"],
    ["icmp6-adm-prohibited", "adm-prohibited"],
    ["icmp6-addr-unreachable", "addr-unreach"],
    ["icmp6-port-unreachable", "port-unreach"],
    ["tcp-reset", "tcp-reset"],
    ["icmp6-policy-fail", "policy-fail"],
    ["icmp6-reject-route", "reject-route"],
  ],
};
const DEFAULT_REJECT: Readonly<Record<Family, string>> = { 4: "icmp-port-unreachable", 6: "icmp6-port-unreachable" };
/** Syslog's levels by number, each with the names it has; the first is the one `iptables -L` prints. */
export const LOG_LEVELS = [
  ["emerg", "panic"],
  ["alert"],
  ["crit"],
  ["error", "err"],
  ["warn", "warning"],
  ["notice"],
  ["info"],
  ["debug"],
] as const;
const DEFAULT_LOG_LEVEL = 4;
/** LOG's switches in the order iptables prints them; each is one bit of its flags, the first the lowest. */
export const LOG_FLAGS: readonly string[] = [
  "log-tcp-sequence",
  "log-tcp-options",
  "log-ip-options",
  "log-uid",
  "log-macdecode",
];

/** The targets that decide without rewriting anything: the standard ones, REJECT, LOG, NOTRACK. */
export const PLAIN_TARGETS: Readonly<Record<string, TargetModule>> = {
  ACCEPT: { takes: {}, read: () => ({ kind: "accept" }) },
  DROP: { takes: {}, read: () => ({ kind: "drop" }) },
  RETURN: { takes: {}, read: () => ({ kind: "return" }) },
  REJECT: { takes: { "--reject-with": 1 }, read: readReject },
  LOG: {
    takes: {
      "--log-prefix": 1,
      "--log-level": 1,
      ...Object.fromEntries(LOG_FLAGS.map((flag) => [`--${flag}`, 0 as const])),
    },
    read: readLog,
  },
  NOTRACK: { takes: {}, read: () => ({ kind: "notrack", module: "NOTRACK" }) },
};

function readReject(uses: readonly OptionUse[], context: ReadContext): Target | Fault {
  const use = findUse(uses, "--reject-with");
  if (!use) return { kind: "reject", with: DEFAULT_REJECT[context.family] };
  const known = REJECT_WITH[context.family];
  const found = known.find((names) => names.includes(use.values[0] ?? ""));
  return found ? { kind: "reject", with: found[0] } : badValue(use, known.map(([name]) => name).join(", "));
}

function readLog(uses: readonly OptionUse[]): Target | Fault {
  const levelUse = findUse(uses, "--log-level");
  const level = levelUse ? parseLevel(levelUse.values[0] ?? "") : DEFAULT_LOG_LEVEL;
  if (levelUse && level === null) return badValue(levelUse, "a level between 0 and 7 or its name");
  const prefix = firstValue(uses, "--log-prefix");
  const options = [
    ...(prefix === undefined || prefix === "" ? [] : [`--log-prefix ${quoteWord(prefix)}`]),
    ...(level === DEFAULT_LOG_LEVEL ? [] : [`--log-level ${level}`]),
    ...flagsOf(uses, LOG_FLAGS).map((flag) => `--${flag}`),
  ];
  return { kind: "log", options: options.join(" ") };
}

function parseLevel(text: string): number | null {
  const named = LOG_LEVELS.findIndex((names) => names.some((name) => name === text.toLowerCase()));
  return named >= 0 ? named : parseNumber(text, LOG_LEVELS.length - 1);
}

/** Gives a target that decides without rewriting as iptables prints it. */
export function renderPlainTarget(
  target: Extract<Target, { readonly kind: "accept" | "drop" | "return" | "reject" | "log" | "notrack" }>,
): string {
  switch (target.kind) {
    case "reject":
      return `REJECT --reject-with ${target.with}`;
    case "log":
      return target.options === "" ? "LOG" : `LOG ${target.options}`;
    case "notrack":
      return target.module === "CT" ? "CT --notrack" : "NOTRACK";
    case "accept":
    case "drop":
    case "return":
      return target.kind.toUpperCase();
  }
}
