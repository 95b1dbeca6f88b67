import type { AddressTypeMatch, Match } from "../model/match.ts";
import { ADDRESS_MODULES, renderAddressMatch } from "./address-matches.ts";
import { renderBaseMatch } from "./base-matches.ts";
import { type MatchModule, type MatchText, orBadValue } from "./match-module.ts";
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
  const texts = matches.map((match) => ({ ...renderMatch(match), limit: limitOf(match) }));
  const base = texts.filter((text) => text.module === null).sort((a, b) => a.slot - b.slot);
  const groups: (typeof texts)[] = [];
  for (const text of texts.filter((candidate) => candidate.module !== null)) {
    const last = groups.at(-1);
    const joins = last?.every(
      (other) => other.module === text.module && other.slot !== text.slot && other.limit === text.limit,
    );
    if (last && joins && text.module !== "") last.push(text);
    else groups.push([text]);
  }
  return [...base.map((text) => text.text), ...groups.map(renderGroup)];
}

function renderGroup(group: readonly (MatchText & { readonly limit: AddressTypeMatch["limit"] })[]): string {
  const [first] = group;
  const options = [...group].sort((a, b) => a.slot - b.slot).map((text) => text.text);
  const limit = first?.limit ? [`--limit-iface-${first.limit}`] : [];
  const module = first?.module ? [`-m ${first.module}`] : [];
  return [...module, ...options, ...limit].filter((part) => part !== "").join(" ");
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
    case "owner":
    case "socket":
      return renderSocketMatch(match);
    case "source-range":
    case "destination-range":
    case "source-type":
    case "destination-type":
      return renderAddressMatch(match);
    case "comment":
      return { module: "comment", slot: 0, text: `--comment ${quoteWord(match.text)}` };
    case "unknown":
      return { module: "", slot: 0, text: match.text };
  }
}
