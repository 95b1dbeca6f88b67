import { LandfallError } from "../errors.ts";
import type { Report, SandboxReport, ScenarioReport } from "../model/report.ts";
import { summarize } from "../model/report-summary.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { ParsedScenario } from "./scenario/parsed-scenario.ts";
import { reportUndriven, runScenario, type ScenarioRunOptions } from "./scenario-run.ts";

/** What a run needs beside its scenarios, and what it is to report as it goes. */
export interface RunOptions extends ScenarioRunOptions {
  /** Starts a sandbox; called once for each job, and again where one broke. */
  readonly start: () => Promise<Sandbox>;
  /** Sandboxes alive at the same time, at least 1. */
  readonly jobs: number;
  /** Called as each scenario ends, in the order in which they end. */
  readonly onScenario?: (report: ScenarioReport, done: number, of: number) => void;
  /** Called with the whole report while the sandboxes still stand: nobody has to wait for their removal to read it. */
  readonly onReport?: (report: Report) => Promise<void>;
  /** Milliseconds from any fixed point; `performance.now`. */
  readonly clock: () => number;
}

/**
 * Runs scenarios over sandboxes and gives the report, in the scenarios' order however many sandboxes there were. A sandbox that fails costs
 * the scenario that it was used for, whose flows are `could-not-look` then. One that cannot be started costs nothing as long as another
 * can. Throws what {@link runScenario} throws, and what `start` throws where no sandbox could be started at all; every sandbox is disposed
 * of first. A run without a scenario is `bad-usage`: it could never fail.
 *
 * @example
 * const report = await runScenarios([parsed.value], { start: () => openSandbox("simulated"), jobs: 1, clock: () => performance.now() });
 * report.summary   // { flows: 2, pass: 2, wrong: 0, couldNotLook: 0, … }
 */
export async function runScenarios(scenarios: readonly ParsedScenario[], options: RunOptions): Promise<Report> {
  if (scenarios.length === 0)
    throw new LandfallError("bad-usage", "No scenario is selected, so there is nothing to verify.");
  const began = options.clock();
  const run = new Run(scenarios, options);
  const jobs = Array.from({ length: Math.min(options.jobs, scenarios.length) }, () => run.work());
  const ends = await Promise.allSettled(jobs);
  // Jobs that could not start a sandbox have left their scenarios: perhaps there were too many at once.
  const last = await Promise.allSettled(run.isDone ? [] : [run.work()]);
  await using sandboxes = new AsyncDisposableStack();
  for (const end of [...ends, ...last]) if (end.status === "fulfilled" && end.value) sandboxes.use(end.value);
  const failed = [...ends, ...last].find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
  const reports = run.finish();
  const summary = summarize(reports, options.clock() - began);
  const report: Report = { formatVersion: "1.0", sandbox: await run.describe(), scenarios: reports, summary };
  await options.onReport?.(report);
  // What kept flows from being seen may still be in the sandbox.
  if (summary.couldNotLook === 0)
    for (const end of [...ends, ...last]) if (end.status === "fulfilled") end.value?.allowReuse();
  return report;
}

/** What the jobs of one run share: the scenarios that are still to be run, and the reports so far. */
class Run {
  readonly #options: RunOptions;
  readonly #scenarios: readonly ParsedScenario[];
  readonly #queue: (readonly [index: number, scenario: ParsedScenario])[];
  readonly #reports: ScenarioReport[] = [];
  #done = 0;
  #description: Promise<SandboxReport> | null = null;
  #startFailure: LandfallError | null = null;

  constructor(scenarios: readonly ParsedScenario[], options: RunOptions) {
    this.#options = options;
    this.#scenarios = scenarios;
    this.#queue = [...scenarios.entries()];
  }

  get isDone(): boolean {
    return this.#queue.length === 0;
  }

  /** One job: its own sandbox, scenario after scenario from the shared queue; a broken sandbox is replaced. Gives the last, still alive. */
  async work(): Promise<Sandbox | null> {
    let sandbox: Sandbox | null = null;
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
        sandbox ??= await this.#start();
        if (sandbox === null) {
          this.#queue.unshift(next);
          return null;
        }
        const hasOthers = this.#scenarios.length > 1;
        const outcome = await runScenario(next[1], sandbox, {
          ...this.#options,
          failure: hasOthers ? "report" : "throw",
        });
        this.#take(next[0], outcome.report);
        if (outcome.sandbox === "usable") continue;
        // It is broken: what it cannot remove, a later run sweeps.
        await Promise.allSettled([sandbox[Symbol.asyncDispose]()]);
        sandbox = null;
      }
      return sandbox;
    } catch (error) {
      await sandbox?.[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Gives every report; a scenario for which no sandbox could be started could not be observed. Throws where there was none at all. */
  finish(): readonly ScenarioReport[] {
    const failure = this.#startFailure;
    if (failure && this.#reports.length === 0) throw failure;
    for (const [index, scenario] of this.#queue.splice(0))
      this.#take(index, reportUndriven(scenario, failure?.message ?? "no sandbox was started"));
    return this.#reports;
  }

  describe(): Promise<SandboxReport> {
    return this.#description ?? Promise.reject(new RangeError("no job has run"));
  }

  /** Gives null where a sandbox cannot be started; the failure is kept. */
  async #start(): Promise<Sandbox | null> {
    try {
      const sandbox = await this.#options.start();
      this.#description ??= sandbox.describe();
      this.#description.catch(() => {});
      return sandbox;
    } catch (error) {
      if (!(error instanceof LandfallError) || error.exitCode !== 3) throw error;
      this.#startFailure ??= error;
      return null;
    }
  }

  #take(index: number, report: ScenarioReport): void {
    this.#reports[index] = report;
    this.#options.onScenario?.(report, ++this.#done, this.#scenarios.length);
  }
}
