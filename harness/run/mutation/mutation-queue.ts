import type { SearchDifference } from "../../analysis/flows/exhaustive-search.ts";
import { type Mutant, makeMutants } from "../../analysis/mutants/mutants.ts";
import type { MutantReport } from "../../model/mutation-report.ts";
import type { MutationSubject } from "./mutation-subject.ts";

/** One subject's mutants and what has been found of them so far. */
export interface Lot {
  readonly subject: MutationSubject;
  readonly mutants: readonly Mutant[];
  /** By the mutants' places; with holes until all are judged. */
  readonly reports: MutantReport[];
  /** Mutants handed out. */
  taken: number;
  /** Mutants judged. */
  judged: number;
  /**
   * What searches for flows that a mutant lands differently, by sandboxes' addresses: begun by who comes first, given up with the last
   * mutant.
   */
  readonly searches: Map<string, SearchDifference>;
  /** Workers that have ever stood on this lot. */
  workers: number;
}

/** A mutant to be judged, with the rule set that it belongs to. */
export interface MutationTask {
  readonly lot: Lot;
  readonly mutant: Mutant;
  /** Its place in the lot. */
  readonly index: number;
}

/** Mutants below which nobody joins a lot that somebody else works on: changing to another rule set costs as much as a few of them. */
const WORTH_JOINING = 12;

/**
 * Hands out the mutants of several subjects. A worker keeps to its lot while that has any, then begins the next one, and once all are begun
 * helps where most is left for each worker.
 */
export class MutationQueue {
  /** In the subjects' order. */
  readonly lots: readonly Lot[];
  #state: "open" | "closed" = "open";

  constructor(subjects: readonly MutationSubject[]) {
    this.lots = subjects.map((subject) => ({
      subject,
      mutants: makeMutants(subject.rules),
      reports: [],
      taken: 0,
      judged: 0,
      searches: new Map(),
      workers: 0,
    }));
  }

  /** Mutants in all. */
  get size(): number {
    return this.lots.reduce((sum, { mutants }) => sum + mutants.length, 0);
  }

  /** Gives the next mutant for a worker that stands on `current`, null for one that has just begun; null where nothing is left for it. */
  take(current: Lot | null): MutationTask | null {
    if (this.#state === "closed") return null;
    const lot = current !== null && countLeft(current) > 0 ? current : this.#join();
    const index = lot?.taken ?? 0;
    const mutant = lot?.mutants[index];
    if (!lot || !mutant) return null;
    lot.taken += 1;
    return { lot, mutant, index };
  }

  /** From now on nothing is handed out. */
  close(): void {
    this.#state = "closed";
  }

  #join(): Lot | null {
    const shareOf = (lot: Lot) => countLeft(lot) / (lot.workers + 1);
    const open = this.lots.filter((lot) => countLeft(lot) > 0);
    const crowded = open.filter((lot) => countLeft(lot) >= WORTH_JOINING).toSorted((a, b) => shareOf(b) - shareOf(a));
    const lot = open.find(({ workers }) => workers === 0) ?? crowded[0] ?? null;
    if (lot) lot.workers += 1;
    return lot;
  }
}

function countLeft({ mutants, taken }: Lot): number {
  return mutants.length - taken;
}
