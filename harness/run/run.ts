import { LandfallError } from "../errors.ts";
import { type Report, type ScenarioReport, summarize } from "../model/report.ts";
import type { Sandbox } from "../sandbox/sandbox.ts";
import type { ParsedScenario } from "./parsed-scenario.ts";
import { runScenario, type ScenarioRunOptions } from "./scenario-run.ts";

/** How a run goes. */
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
 * Runs scenarios over sandboxes and gives the report, in the scenarios' order however many sandboxes there were.
 * Throws what {@link runScenario} throws; every sandbox is disposed of first. A run without a scenario is `bad-usage`: it could never fail.
 */
export async function runScenarios(scenarios: readonly ParsedScenario[], options: RunOptions): Promise<Report> {
  if (scenarios.length === 0)
    throw new LandfallError("bad-usage", "No scenario is selected, so there is nothing to verify.");
  const began = options.clock();
  const reports: ScenarioReport[] = [];
  const queue = scenarios.entries();
  let done = 0;
  const tell = (report: ScenarioReport) => options.onScenario?.(report, ++done, scenarios.length);
  const work = () => runQueue(queue, reports, tell, options);
  const jobs = Array.from({ length: Math.min(options.jobs, scenarios.length) }, work);
  const ends = await Promise.allSettled(jobs);
  await using sandboxes = new AsyncDisposableStack();
  for (const end of ends) if (end.status === "fulfilled") sandboxes.use(end.value);
  const failed = ends.find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
  const [first] = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
  if (!first) throw new RangeError("no job has run");
  const summary = summarize(reports, options.clock() - began);
  const report: Report = { formatVersion: "1.0", sandbox: await first.describe(), scenarios: reports, summary };
  await options.onReport?.(report);
  return report;
}

/** One job: its own sandbox, scenario after scenario from the shared queue; a broken sandbox is replaced. Gives the last, still alive. */
async function runQueue(
  queue: Iterator<[number, ParsedScenario]>,
  reports: ScenarioReport[],
  tell: (report: ScenarioReport) => void,
  options: RunOptions,
): Promise<Sandbox> {
  let sandbox = await options.start();
  try {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const [index, scenario] = next.value;
      const outcome = await runScenario(scenario, sandbox, options);
      reports[index] = outcome.report;
      tell(outcome.report);
      if (outcome.sandbox === "usable") continue;
      await sandbox[Symbol.asyncDispose]();
      sandbox = await options.start();
    }
    return sandbox;
  } catch (error) {
    await sandbox[Symbol.asyncDispose]();
    throw error;
  }
}
