import { setImmediate } from "node:timers/promises";
import { startSearch } from "../../analysis/flows/exhaustive-search.ts";
import type { Mutant } from "../../analysis/mutants/mutants.ts";
import type { FlowsToAdd, MutantReport, MutationReport } from "../../model/mutation-report.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { checkUnbroken, type JudgeMutant, makeMutantJudge } from "./mutant-judge.ts";
import { type Lot, MutationQueue, type MutationTask } from "./mutation-queue.ts";
import type { MutationSubject } from "./mutation-subject.ts";

/** How mutants are judged: on which sandboxes, and who is told of the results as they come. */
export interface MutationOptions {
  /** Starts a sandbox; called once for each job. */
  readonly start: () => Promise<Sandbox>;
  /** Sandboxes alive at the same time: most of a mutant's time is waiting, for the kernel's own commands or for a time-out. */
  readonly jobs: number;
  /** Called as each mutant is judged, in the order in which that happens. */
  readonly onMutant?: (report: MutantReport, done: number, of: number) => void;
  /** Called with each subject and its reports once all of it is judged, in the subjects' order. */
  readonly onSubject?: (subject: MutationSubject, reports: readonly MutantReport[], mutants: readonly Mutant[]) => void;
}

/**
 * Breaks rules one value at a time in live pods and says of each mutant whether a flow lands elsewhere than expected. Mutants that no
 * flow shows are searched for any flow at all that lands differently: `equivalent` where there is none, `missed` with that flow otherwise.
 * Gives the reports in the order of subjects and mutants. Throws `bad-input` where a subject's unbroken rules already land flows wrong, and
 * `agent-failed` where the harness cannot look; the sandboxes are gone then.
 */
export async function judgeMutants(
  subjects: readonly MutationSubject[],
  { start, jobs, onMutant, onSubject }: MutationOptions,
): Promise<readonly MutantReport[]> {
  const queue = new MutationQueue(subjects);
  const [of, waiting] = [queue.size, queue.lots.values()];
  let done = 0;
  let next = waiting.next().value;
  const tellJudged = () => {
    for (; next && next.judged === next.mutants.length; next = waiting.next().value)
      onSubject?.(next.subject, next.reports, next.mutants);
  };
  const note = ({ lot, index }: MutationTask, report: MutantReport) => {
    lot.reports[index] = report;
    lot.judged += 1;
    if (lot.judged === lot.mutants.length) lot.searches.clear();
    onMutant?.(report, ++done, of);
    tellJudged();
  };
  tellJudged();
  const workers = Array.from({ length: Math.min(jobs, of) }, () => work(queue, start, note));
  const ends = await Promise.allSettled(workers);
  const failed = ends.find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
  return queue.lots.flatMap(({ reports }) => reports);
}

/**
 * Gives the share of mutants that were caught among those that land any flow differently, 1 where there are none, with the flows that show
 * the others.
 */
export function scoreMutants(mutants: readonly MutantReport[], flowsToAdd: readonly FlowsToAdd[] = []): MutationReport {
  const caught = mutants.filter(({ outcome }) => outcome === "caught").length;
  const missed = mutants.filter(({ outcome }) => outcome === "missed").length;
  return { formatVersion: "1.0", mutants, score: caught + missed === 0 ? 1 : caught / (caught + missed), flowsToAdd };
}

type Note = (task: MutationTask, report: MutantReport) => void;

/** One job: its own sandbox, in which it judges whatever the queue hands out. Where one fails, the others end with what they are at. */
async function work(queue: MutationQueue, start: () => Promise<Sandbox>, note: Note): Promise<void> {
  try {
    await using sandbox = await start();
    let [standing, judge]: [Lot | null, JudgeMutant | null] = [null, null];
    for (let task = queue.take(null); task; task = queue.take(task.lot)) {
      if (judge === null || standing !== task.lot) judge = await changeLot(task, sandbox);
      standing = task.lot;
      note(task, await judge(task.mutant));
      // In a simulated sandbox nothing waits: a signal is heard only between two mutants.
      await setImmediate();
    }
  } catch (error) {
    queue.close();
    throw error;
  }
}

/**
 * Brings a sandbox to what a subject needs. Whoever gets its first mutant drives all its flows; that those land right is so in any sandbox.
 */
async function changeLot({ lot, index }: MutationTask, sandbox: Sandbox): Promise<JudgeMutant> {
  const subject = lot.subject.bindTo(sandbox.addresses);
  await sandbox.clear();
  await sandbox.enter(subject.spec);
  await checkUnbroken(subject, sandbox, index === 0 ? "all" : "quick");
  const place = JSON.stringify(sandbox.addresses);
  const search =
    lot.searches.get(place) ?? startSearch(subject.rules, subject.spec, sandbox.addresses, subject.protocols);
  lot.searches.set(place, search);
  return makeMutantJudge(subject, search, sandbox);
}
