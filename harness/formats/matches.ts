import type { AddressTypeMatch, Match } from "../model/match.ts";
import { ADDRESS_MODULES, renderAddressMatch } from "./address-matches.ts";
import { renderBaseMatch } from "./base-matches.ts";
import { renderConnectionMatch } from "./connection-matches.ts";
import { ICMP_MODULES, renderIcmpMatch } from "./icmp-types.ts";
import { type MatchModule, type MatchText, orBadValue } from "./match-module.ts";
import { renderCompare } from "./nft/quote.ts";
import { renderSocketMatch, SOCKET_MODULES } from "./socket-matches.ts";
import { renderStateMatch, STATE_MODULES } from "./state-matches.ts";
import { renderTransportMatch, TRANSPORT_MODULES } from "./transport-matches.ts";
import { quoteWord } from "./words.ts";

/** Every match module that is understood, by the name behind `-m`; all others are kept as text. */
export const MATCH_MODULES: ReadonlyMap<string, MatchModule> = new Map(
  Object.entries({
    ...TRANSPORT_MODULES,
    ...STATE_MODULES,
    ...SOCKET_MODULES,
    ...ADDRESS_MODULES,
    ...ICMP_MODULES,
    comment: {
      takes: { "--comment": 1 },
      read: (uses) =>
        uses.map((use) => orBadValue(use.negated ? null : { kind: "comment", text: use.values[0] ?? "" }, use, "no !")),
    },
  }),
);

/**
 * Gives a rule's matches as iptables prints them: the options that need no `-m` first, in the kernel's order, then one `-m` for each
 * run of options that one module can hold. Empty for no matches; else each part is one option or one `-m` with its options.
 */
export function renderMatches(matches: readonly Match[]): readonly string[] {
  const base = matches.map(renderMatch).filter((text) => text.module === null);
  const inOrder = base.sort((a, b) => a.slot - b.slot).map((text) => text.text);
  return [...inOrder, ...groupMatches(matches).map(renderGroup)];
}

/** Gives the matches that need a `-m`, those that one `-m` prints together in one group, in the order of printing. */
export function groupMatches(matches: readonly Match[]): readonly (readonly Match[])[] {
  const groups: Match[][] = [];
  for (const match of matches) {
    const { module } = renderMatch(match);
    const last = groups.at(-1);
    if (module !== null && last?.every((other) => canShare(other, match))) last.push(match);
    else if (module !== null) groups.push([match]);
  }
  return groups;
}

/** Gives the matches that stand behind one `-m` in the order in which it prints them. */
export function sortMatches(group: readonly Match[]): readonly Match[] {
  return group.toSorted((a, b) => renderMatch(a).slot - renderMatch(b).slot);
}

/** Two options share a `-m` if it is the same module's and prints them in this order. */
function canShare(one: Match, other: Match): boolean {
  const [a, b] = [renderMatch(one), renderMatch(other)];
  if (a.module === "" || a.module !== b.module || a.slot >= b.slot || limitOf(one) !== limitOf(other)) return false;
  return !("besideState" in other) || other.besideState === (one.kind === "state" || isBesideState(one));
}

function isBesideState(match: Match): boolean {
  return "besideState" in match && match.besideState;
}

function renderGroup(group: readonly Match[]): string {
  const [first] = group;
  const limit = first ? limitOf(first) : null;
  const module = first ? renderMatch(first).module : null;
  const parts = [
    module ? `-m ${module}` : "",
    ...group.map((match) => renderMatch(match).text),
    limit ? `--limit-iface-${limit}` : "",
  ];
  return parts.filter((part) => part !== "").join(" ");
}

function limitOf(match: Match): AddressTypeMatch["limit"] {
  return match.kind === "source-type" || match.kind === "destination-type" ? match.limit : null;
}

/** Gives one match as text. An unknown one has the module `""`: its text holds its own `-m`. */
function renderMatch(match: Match): MatchText {
  switch (match.kind) {
    case "source":
    case "destination":
    case "in-interface":
    case "out-interface":
    case "protocol":
    case "fragment":
      return renderBaseMatch(match);
    case "source-port":
    case "destination-port":
    case "tcp-flags":
    case "multiport":
      return renderTransportMatch(match);
    case "state":
    case "mark":
    case "connmark":
      return renderStateMatch(match);
    case "connection-protocol":
    case "connection-address":
    case "connection-port":
    case "connection-status":
    case "connection-direction":
      return renderConnectionMatch(match);
    case "owner":
    case "socket":
      return renderSocketMatch(match);
    case "source-range":
    case "destination-range":
    case "source-type":
    case "destination-type":
      return renderAddressMatch(match);
    case "icmp-type":
      return renderIcmpMatch(match);
    case "comment":
      return { module: "comment", slot: 0, text: `--comment ${quoteWord(match.text)}` };
    case "compare":
      return { module: "", slot: 0, text: renderCompare(match) };
    case "unknown":
      return { module: "", slot: 0, text: match.text };
  }
}
