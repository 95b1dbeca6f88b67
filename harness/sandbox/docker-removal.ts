import { spawn } from "node:child_process";
import { extname, join } from "node:path";
import { LandfallError } from "../errors.ts";
import { currentRunId } from "./run-id.ts";

const PROGRAM = join(import.meta.dirname, `docker-janitor${extname(import.meta.filename)}`);

/** `used`: this process has begun to make containers. `ending`: it must make no more. */
let state: "unused" | "used" | "ending" = "unused";

/** To be called before a container or network is made. Throws `environment` where this process is being ended. */
export function noteContainers(): void {
  if (state === "ending") throw new LandfallError("environment", "the run is being ended; no container is started.");
  state = "used";
}

/**
 * Starts a process of its own that removes this run's containers and networks, those still being made included, and goes on after this
 * process has ended: whoever is in a hurry to end need not wait for the engine. What is to be kept stays. Does nothing where this process
 * has made no container.
 */
export function removeContainersAside(): void {
  if (state !== "used") return;
  state = "ending";
  // Detached, so that a terminal's Ctrl-C does not reach it.
  const janitor = spawn(process.execPath, [PROGRAM, currentRunId(), `${process.pid}`], {
    detached: true,
    stdio: "ignore",
  });
  janitor.on("error", () => {});
  janitor.unref();
}
