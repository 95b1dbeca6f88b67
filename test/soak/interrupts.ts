import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { connectEngine } from "../../harness/sandbox/docker/engine.ts";
import { RUN_LABEL } from "../../harness/sandbox/docker/labels.ts";

const PROGRAM = join(import.meta.dirname, "../../harness/cli/main.ts");
/** From the first step of a run in containers to some time after its flows. */
const LATEST_MOMENT_MS = 6_000;
const BETWEEN_SIGNALS_MS = 50;
/** Long beyond what is wanted, so that a slow machine shows as a figure and not as residue. */
const WATCHED_MS = 15_000;

/** One run in containers that got two interrupts, and what became of its containers and networks. */
export interface Interrupt {
  readonly momentMs: number;
  /** Containers and networks that the run had when it got the first signal. */
  readonly had: number;
  /** Time from the second signal until nothing of the run was left, and has not come again; null where something stayed. */
  readonly goneMs: number | null;
}

const engine = connectEngine();

/** Starts runs in containers one after another and interrupts each twice, 50 ms apart, at a random moment. */
export async function interruptAtRandom(rounds: number): Promise<readonly Interrupt[]> {
  const interrupts: Interrupt[] = [];
  for (let round = 0; round < rounds; round++) interrupts.push(await interruptOne(Math.random() * LATEST_MOMENT_MS));
  return interrupts;
}

async function interruptOne(momentMs: number): Promise<Interrupt> {
  const words = ["--conditions=landfall-source", PROGRAM, "verify", "seed", "--sandbox", "docker"];
  const run = spawn(process.execPath, words, { stdio: "ignore" });
  const ended = once(run, "exit");
  await setTimeout(momentMs);
  const had = await countOf(run.pid ?? 0);
  run.kill("SIGINT");
  await setTimeout(BETWEEN_SIGNALS_MS);
  run.kill("SIGINT");
  const signalled = performance.now();
  let goneMs: number | null = null;
  await ended;
  while (performance.now() - signalled < WATCHED_MS) {
    const isGone = (await countOf(run.pid ?? 0)) === 0;
    if (isGone) goneMs ??= Math.round(performance.now() - signalled);
    else goneMs = null;
    // What the engine was still making comes late; then nothing does.
    if (goneMs !== null && performance.now() - signalled > goneMs + 4_000) break;
    await setTimeout(50);
  }
  return { momentMs: Math.round(momentMs), had, goneMs };
}

/** Counts the containers, in whatever state, and the networks of the run of a process. */
async function countOf(pid: number): Promise<number> {
  const filters = { label: [RUN_LABEL] };
  const [containers, networks] = [
    await engine.listContainers({ all: true, filters }),
    await engine.listNetworks({ filters }),
  ];
  const runs = [...containers, ...networks].map(({ Labels }) => Labels?.[RUN_LABEL] ?? "");
  return runs.filter((run) => run.split(".")[2] === `${pid}`).length;
}

if (import.meta.main) {
  const interrupts = await interruptAtRandom(Number(process.argv[2] ?? 10));
  console.table(interrupts);
  process.exitCode = interrupts.some(({ goneMs }) => goneMs === null) ? 1 : 0;
}
