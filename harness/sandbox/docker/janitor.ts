import { setTimeout as wait } from "node:timers/promises";
import { connectEngine } from "./engine.ts";
import { removeRun } from "./sweep.ts";

const PAUSE_MS = 100;
/** How long the engine may take to make a container that a process had asked for before it ended. */
const LATE_MS = 3_000;
const AT_MOST_MS = 30_000;

/**
 * A process of its own, `node docker-janitor.ts RUN PID`: removes what a run has made until its process has ended and nothing of it has
 * come for a while. Says nothing: nobody listens any more, and a later run sweeps what it could not remove.
 */
async function removeUntilGone(run: string, pid: number): Promise<void> {
  const engine = connectEngine();
  const deadline = performance.now() + AT_MOST_MS;
  let quietSince = performance.now();
  while (performance.now() < deadline) {
    const removed = await removeRun(engine, run).catch(() => 0);
    if (removed > 0 || isAlive(pid)) quietSince = performance.now();
    if (performance.now() - quietSince > LATE_MS) return;
    await wait(PAUSE_MS);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

if (import.meta.main) await removeUntilGone(process.argv[2] ?? "", Number(process.argv[3]));
