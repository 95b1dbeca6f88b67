import { escapeInvisible } from "../../model/visible-text.ts";
import type { CommandIo } from "../command.ts";

/** How often a line on a terminal is written anew. */
const REDRAW_MS = 100;
/** How often a line is added where nobody can write over one: a log says that the run lives, and no more. */
const LOG_MS = 10_000;
/**
 * How long things have to be done before it is said how long the rest will take: the first ones come together, after a start that took its
 * own time.
 */
const PACE_MS = 2_000;

/** Tells on stderr how far a run has come, until it is disposed of. */
export interface Progress extends Disposable {
  /** To be called as each thing is done: how many of how many, and what has become of them (`scenarios looked at`). */
  readonly note: (done: number, of: number, what: string) => void;
  /** Takes the line away, so that stdout can be written. */
  readonly wipe: () => void;
  /** Writes something else on stderr, in the line's place. */
  readonly tellAside: (text: string) => void;
}

/**
 * Makes what tells how far a run has come and how long the rest will take: one line that is written over on a terminal, elsewhere a line
 * every ten seconds. `clock` gives milliseconds from any fixed point.
 */
export function makeProgress({ err, display }: Pick<CommandIo, "err" | "display">, clock: () => number): Progress {
  const isRewritten = display.progress === "rewritten";
  let told = clock();
  let first: { readonly at: number; readonly done: number } | null = null;
  let isShown = false;
  const wipe = () => {
    if (isShown) err("\r\u001b[K", "styled");
    isShown = false;
  };
  return {
    wipe,
    [Symbol.dispose]: wipe,
    tellAside: (text) => {
      wipe();
      err(text);
    },
    note: (done, of, what) => {
      first ??= { at: clock(), done };
      if (clock() - told < (isRewritten ? REDRAW_MS : LOG_MS) || done === of) return;
      told = clock();
      const sinceMs = told - first.at;
      const leftMs = (sinceMs / (done - first.done)) * (of - done);
      const text = `${done} of ${of} ${what}${sinceMs < PACE_MS ? "" : `; about ${describeTime(leftMs)} left`}`;
      if (isRewritten) err(`\r\u001b[K${escapeInvisible(text)}`, "styled");
      else err(`landfall: ${text}\n`);
      isShown = isRewritten;
    },
  };
}

/** Gives a time as coarsely as it is known: `40 s`, `3 min`. */
function describeTime(timeMs: number): string {
  const seconds = Math.ceil(timeMs / 1_000);
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
