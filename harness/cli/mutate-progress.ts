import type { MutantReport } from "../model/mutation-report.ts";
import type { CommandIo } from "./command.ts";

/** How often a line on a terminal is written anew. */
const REDRAW_MS = 100;
/** How often a line is added where nobody can write over one: a log says that the run lives, and no more. */
const LOG_MS = 30_000;

/** Tells on stderr how far a run over mutants has come. */
export interface MutationProgress {
  /** To be called as each mutant is judged. */
  readonly note: (report: MutantReport, done: number, of: number) => void;
  /** Takes the line away, so that something else can be written. */
  readonly wipe: () => void;
}

/**
 * Makes what tells how far a run has come, how many mutants were missed and how long the rest will take: one line that is written over on a
 * terminal, elsewhere a line every half minute. `clock` gives milliseconds from any fixed point.
 */
export function makeMutationProgress({ err, display }: CommandIo, clock: () => number): MutationProgress {
  const began = clock();
  let told = began;
  let missed = 0;
  const isDue = () => clock() - told >= (display.isTerminal ? REDRAW_MS : LOG_MS);
  return {
    note: ({ outcome }, done, of) => {
      if (outcome === "missed") missed += 1;
      if (!isDue() || done === of) return;
      told = clock();
      const leftMs = ((told - began) / done) * (of - done);
      const text = `${done} of ${of} mutants judged, ${missed === 0 ? "none" : missed} missed; about ${describeTime(leftMs)} left`;
      err(display.isTerminal ? `\r\u001b[K${text}` : `landfall: ${text}\n`);
    },
    wipe: () => {
      if (display.isTerminal) err("\r\u001b[K");
    },
  };
}

/** Gives a time as coarsely as it is known: `40 s`, `3 min`. */
function describeTime(timeMs: number): string {
  const seconds = Math.ceil(timeMs / 1_000);
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
