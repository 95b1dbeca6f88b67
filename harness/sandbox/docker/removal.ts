import { spawn } from "node:child_process";
import { extname, join } from "node:path";
import { currentRunId } from "../run-id.ts";
import { endContainers } from "./use.ts";

const PROGRAM = join(import.meta.dirname, `janitor${extname(import.meta.filename)}`);

/**
 * Starts a process of its own that removes this run's containers and networks, those still being made included, and goes on after this
 * process has ended: whoever is in a hurry to end need not wait for the engine. What is to be kept stays. Does nothing where this process
 * has made no container.
 */
export function removeContainersAside(): void {
  if (endContainers() === "nothing-made") return;
  // Detached, so that a terminal's Ctrl-C does not reach it.
  const janitor = spawn(process.execPath, [PROGRAM, currentRunId(), `${process.pid}`], {
    detached: true,
    stdio: "ignore",
  });
  janitor.on("error", () => {});
  janitor.unref();
  // What this process still gets to ask for is gone sooner.
  void removeNow().catch(() => {});
}

async function removeNow(): Promise<void> {
  const [{ connectEngine }, { removeRun }] = await Promise.all([import("./engine.ts"), import("./sweep.ts")]);
  await removeRun(connectEngine(), currentRunId());
}
