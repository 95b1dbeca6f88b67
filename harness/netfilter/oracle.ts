/**
 * What answers for matches whose truth the simulator does not know. Every question is a fork: {@link forEachAnswer} runs a walk once for
 * each way to answer, so that a landing that is the same whatever the answers is known all the same.
 */
export interface Oracle {
  /** Says whether the thing named holds, in this run. */
  ask(about: string): boolean;
  /** Notes that the run met something whose effect cannot be enumerated: its landing is worth nothing. */
  giveUp(about: string): void;
  /**
   * Runs something aside for every combination of answers to its own questions, which are none of this run's; see {@link forEachAnswer}.
   */
  tryAll<T>(run: (oracle: Oracle) => T): Answers<T>;
}

/** By text of matches that are not understood: what each of them is taken to answer, so that it is no question. */
export type Assumptions = ReadonlyMap<string, "holds" | "fails">;

/** What the runs gave: every different outcome with the questions asked; `gaveUp` names what could not be enumerated. */
export interface Answers<T> {
  readonly outcomes: readonly T[];
  readonly questions: readonly string[];
  readonly gaveUp: readonly string[];
}

/** Runs beyond which a walk is given up: six independent questions. */
const RUNS_AT_MOST = 64;

/**
 * Runs `walk` for every combination of answers to the questions that it asks beside those assumed, at most 64 times; gives the outcomes in
 * order. More combinations than that are noted in `gaveUp`, and then no landing is known.
 *
 * @example
 * forEachAnswer(({ ask }) => (ask("-m foo") ? "dropped" : "passed"), new Map())
 * // { outcomes: ["dropped", "passed"], questions: ["-m foo"], gaveUp: [] }
 */
export function forEachAnswer<T>(walk: (oracle: Oracle) => T, assumed: Assumptions): Answers<T> {
  const outcomes: T[] = [];
  const questions = new Set<string>();
  const gaveUp = new Set<string>();
  let answers: boolean[] | null = [];
  while (answers !== null) {
    if (outcomes.length === RUNS_AT_MOST) {
      gaveUp.add(`more than ${RUNS_AT_MOST} combinations of ${[...questions].join(", ")}`);
      break;
    }
    const given: boolean[] = answers;
    let asked = 0;
    outcomes.push(
      walk({
        ask: (about) => {
          const answer = assumed.get(about);
          if (answer !== undefined) return answer === "holds";
          questions.add(about);
          if (asked === given.length) given.push(true);
          return given[asked++] === true;
        },
        giveUp: (about) => void gaveUp.add(about),
        tryAll: (run) => forEachAnswer(run, assumed),
      }),
    );
    answers = nextAnswers(given);
  }
  return { outcomes, questions: [...questions], gaveUp: [...gaveUp] };
}

/** Gives the next combination in the order true before false, or null after the last. */
function nextAnswers(given: readonly boolean[]): boolean[] | null {
  const last = given.lastIndexOf(true);
  return last < 0 ? null : [...given.slice(0, last), false];
}
