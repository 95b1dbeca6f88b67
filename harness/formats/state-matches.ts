import type { ConntrackState, MarkMatch, Match, StateMatch } from "../model/match.ts";
import { CONNECTION_OPTIONS, readConnection } from "./connection-matches.ts";
import {
  type Fault,
  type MatchModule,
  type MatchText,
  type OptionUse,
  orBadValue,
  renderNegation,
} from "./match-module.ts";
import { FULL_MASK, parseMasked, renderHex } from "./values.ts";

/** States in the order iptables prints them. */
const STATES: readonly ConntrackState[] = ["INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT"];

/** The modules that look at what the kernel keeps about a packet or its connection: conntrack, state, mark, connmark. */
export const STATE_MODULES: Readonly<Record<string, MatchModule>> = {
  conntrack: {
    takes: { "--ctstate": 1, ...CONNECTION_OPTIONS },
    read: (uses, context) => {
      const isState = ({ option }: OptionUse) => option === "--ctstate";
      const besideState = uses.some(isState);
      return uses.map((use) =>
        isState(use) ? readStates(use, "conntrack", STATES) : readConnection(use, context, besideState),
      );
    },
  },
  state: { takes: { "--state": 1 }, read: (uses) => uses.map((use) => readStates(use, "state", STATES.slice(0, 5))) },
  mark: { takes: { "--mark": 1 }, read: (uses) => uses.map((use) => readMark(use, "mark")) },
  connmark: { takes: { "--mark": 1 }, read: (uses) => uses.map((use) => readMark(use, "connmark")) },
};

function readStates(use: OptionUse, module: StateMatch["module"], known: readonly ConntrackState[]): Match | Fault {
  const named = (use.values[0] ?? "").toUpperCase().split(",");
  const states = known.filter((state) => named.includes(state));
  const isGood = states.length === new Set(named).size;
  const match: StateMatch | null = isGood ? { kind: "state", module, negated: use.negated, states } : null;
  return orBadValue(match, use, `one or more of ${known.join(", ")}, separated by commas`);
}

function readMark(use: OptionUse, kind: MarkMatch["kind"]): Match | Fault {
  const mark = parseMasked(use.values[0] ?? "");
  return orBadValue<MarkMatch>(mark && { kind, negated: use.negated, ...mark }, use, "a 32-bit number, or number/mask");
}

/** Gives a match on connection state or mark as iptables prints it. */
export function renderStateMatch(match: StateMatch | MarkMatch): MatchText {
  const not = renderNegation(match.negated);
  if (match.kind === "state") {
    const option = match.module === "conntrack" ? "--ctstate" : "--state";
    const states = STATES.filter((state) => match.states.includes(state));
    return { module: match.module, slot: 0, text: `${not}${option} ${states.join(",")}` };
  }
  const mask = match.mask === FULL_MASK ? "" : `/${renderHex(match.mask)}`;
  return { module: match.kind, slot: 0, text: `${not}--mark ${renderHex(match.value)}${mask}` };
}
