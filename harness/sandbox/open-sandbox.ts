import type { BackendName } from "../model/report.ts";
import { AgentSandbox } from "./agent-sandbox.ts";
import type { DockerOptions } from "./docker-world.ts";
import type { Sandbox } from "./sandbox.ts";
import type { World } from "./world.ts";

/** A backend as users name it; `auto`: docker if an engine answers, else netns. */
export type BackendChoice = BackendName | "auto";

/** How a sandbox is to be; docker alone heeds all of it. */
export type SandboxOptions = DockerOptions;

/** What a sandbox is unless told otherwise: rights of an init container, gone with its run, quick, silent. */
export const DEFAULT_SANDBOX_OPTIONS: SandboxOptions = {
  rights: "capabilities",
  lifetime: "run",
  captureBy: "resident-agent",
  say: () => {},
};

/**
 * Opens a sandbox. Dispose of it with `await using`.
 * Throws `environment` where the backend, or with `auto` any backend, does not work here.
 */
export async function openSandbox(choice: BackendChoice, options = DEFAULT_SANDBOX_OPTIONS): Promise<Sandbox> {
  if (choice === "simulated") return new (await import("./simulated.ts")).SimulatedSandbox();
  return new AgentSandbox(await startWorld(choice, options));
}

/** Each backend is loaded only when it is used: the engine's client takes a fifth of a second. */
async function startWorld(choice: Exclude<BackendChoice, "simulated">, options: SandboxOptions): Promise<World> {
  const backend = choice === "auto" ? await (await import("./detect.ts")).chooseBackend() : choice;
  if (backend === "docker") return (await import("./docker-world.ts")).startDockerWorld(options);
  return (await import("./netns-world.ts")).startNetnsWorld();
}
