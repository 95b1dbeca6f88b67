import type { Match, OwnerMatch, SocketMatch } from "../model/match.ts";
import {
  type Fault,
  type MatchModule,
  type MatchText,
  type OptionUse,
  orBadValue,
  type ReadContext,
  renderNegation,
} from "./match-module.ts";
import { parseIds, renderIds } from "./values.ts";

/** Options of `-m socket` in the order iptables prints them. */
const SOCKET_OPTIONS: SocketMatch["options"] = ["transparent", "nowildcard", "restore-skmark"];

/** The modules that look at the socket behind a packet: owner, socket. */
export const SOCKET_MODULES: Readonly<Record<string, MatchModule>> = {
  owner: {
    takes: { "--uid-owner": 1, "--gid-owner": 1, "--socket-exists": 0 },
    read: (uses, context) => uses.map((use) => readOwner(use, context)),
  },
  socket: {
    takes: { "--transparent": 0, "--nowildcard": 0, "--restore-skmark": 0 },
    read: (uses) => [
      { kind: "socket", options: SOCKET_OPTIONS.filter((name) => uses.some((use) => use.option === `--${name}`)) },
    ],
  },
};

function readOwner(use: OptionUse, context: ReadContext): Match | Fault {
  const { option, negated } = use;
  if (option === "--socket-exists") return { kind: "owner", negated, what: "socket-exists", ids: null };
  const what = option === "--uid-owner" ? "uid" : "gid";
  const ids = parseIds(use.values[0] ?? "", what === "uid" ? context.names.user : context.names.group);
  return orBadValue<OwnerMatch>(
    ids && { kind: "owner", negated, what, ids },
    use,
    `a ${what}, a range 1000-2000 or a name`,
  );
}

/** Gives a match on the socket or its owner as iptables prints it. */
export function renderSocketMatch(match: OwnerMatch | SocketMatch): MatchText {
  if (match.kind === "socket") {
    const options = SOCKET_OPTIONS.filter((name) => match.options.includes(name));
    return { module: "socket", slot: 0, text: options.map((name) => `--${name}`).join(" ") };
  }
  const not = renderNegation(match.negated);
  const slot = { "socket-exists": 0, uid: 1, gid: 2 }[match.what];
  if (match.ids === null) return { module: "owner", slot, text: `${not}--socket-exists` };
  return { module: "owner", slot, text: `${not}--${match.what}-owner ${renderIds(match.ids)}` };
}
