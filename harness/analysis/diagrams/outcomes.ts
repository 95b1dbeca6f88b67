import type { Diagram, Diagrams } from "./diagrams.ts";
import { rememberPairs } from "./pairs.ts";

/** What a packet has gone through when it leaves a stretch of rules, and how it leaves: on to the next rule, back, or for good. */
export interface Outcome {
  readonly end: "next" | "return" | "final";
  /** What was done to it, in words that say all of it. */
  readonly actions: string;
  /** The single addresses to which these actions translate what was dialled, by number; they follow from the words. */
  readonly sentTo: readonly bigint[];
}

/** The outcomes that terminals of one store stand for. */
export interface Outcomes {
  /** Gives the terminal of an outcome, the same one for the same end and actions. */
  make(outcome: Outcome): Diagram;
  /** Gives the outcome of a terminal. */
  read(terminal: Diagram): Outcome;
  /** Gives the terminal of what an outcome is changed into; what is given back as it is stays itself. */
  change(terminal: Diagram, change: (outcome: Outcome) => Outcome): Diagram;
  /** Gives what comes of the first outcome followed by the second. */
  follow(first: Diagram, second: Diagram): Diagram;
  /** Names every way to accept a packet alike, after the same actions. What it gives is only to be compared. */
  joinAccepts(terminal: Diagram): Diagram;
}

/** How a chain's text ends where it accepts: by a rule, and by its policy. */
const ACCEPTING = ["-j ACCEPT", "policy ACCEPT"];

const NOTHING: Outcome = { end: "next", actions: "", sentTo: [] };

/** Opens the outcomes of a store of diagrams. */
export function openOutcomes(diagrams: Diagrams): Outcomes {
  const outcomesOf = new Map<Diagram, Outcome>();
  const make = (outcome: Outcome): Diagram => {
    const diagram = diagrams.terminal(`${outcome.end} ${outcome.actions}`);
    outcomesOf.set(diagram, outcome);
    return diagram;
  };
  const read = (terminal: Diagram): Outcome => outcomesOf.get(terminal) ?? NOTHING;
  return {
    make,
    read,
    change: (terminal, change) => {
      const known = outcomesOf.get(terminal);
      const changed = change(known ?? NOTHING);
      return changed === known ? terminal : make(changed);
    },
    follow: rememberPairs((first, second) => {
      const { end, actions, sentTo } = read(first);
      if (end !== "next") return first;
      const after = read(second);
      if (actions === "") return second;
      return make({ end: after.end, actions: actions + after.actions, sentTo: [...sentTo, ...after.sentTo] });
    }),
    joinAccepts: (terminal) => {
      const { end, actions } = read(terminal);
      const accepting =
        end === "final" ? ACCEPTING.find((text) => actions === text || actions.endsWith(`; ${text}`)) : undefined;
      if (accepting === undefined) return terminal;
      return diagrams.terminal(`accepted ${actions.slice(0, actions.length - accepting.length)}`);
    },
  };
}
