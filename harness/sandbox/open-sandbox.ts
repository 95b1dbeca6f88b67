import { type BackendChoice, hasKernel, type KernelBackend } from "../model/backends.ts";
import type { SandboxAddresses } from "../model/pod.ts";
import { AgentSandbox } from "./agents/agent-sandbox.ts";
import type { DockerOptions } from "./docker/world.ts";
import type { Sandbox } from "./sandbox.ts";
import { checkSurroundings } from "./surroundings.ts";
import type { World } from "./world.ts";

/** How a sandbox is to be; docker alone heeds all of it. */
export interface SandboxOptions extends Omit<DockerOptions, "envoyProgram"> {
  /** `real`: an Envoy in the stub's place, fetched where it is not here yet. Only flows in the manner `forward` mean anything then. */
  readonly envoy: "stub" | "real";
  /** Where the pod and its peers are; the default addresses if left out. Docker takes those of a free network instead. */
  readonly addresses?: SandboxAddresses;
}

/** What a sandbox is unless told otherwise: rights of an init container, gone with its run, quick, silent. */
export const DEFAULT_SANDBOX_OPTIONS: SandboxOptions = {
  envoy: "stub",
  rights: "capabilities",
  lifetime: "run",
  captureBy: "resident-agent",
  say: () => {},
};

/**
 * Opens a sandbox. Dispose of it with `await using`. A simulated one has the stub, whatever `envoy` says. Throws `environment` where the
 * backend, or with `auto` any backend, does not work here, or a real Envoy is wanted and cannot be had.
 *
 * @example
 * await using sandbox = await openSandbox("netns");
 * await sandbox.enter(spec);
 * await sandbox.install({ kind: "rules", rules });
 * const [observation] = await sandbox.drive([{ flow, manner: "answer" }]);
 */
export async function openSandbox(choice: BackendChoice, options = DEFAULT_SANDBOX_OPTIONS): Promise<Sandbox> {
  if (choice !== "auto" && !hasKernel(choice))
    return new (await import("./simulated/simulated.ts")).SimulatedSandbox(options.addresses);
  checkSurroundings();
  const backend = choice === "auto" ? await (await import("./detect.ts")).chooseBackend() : choice;
  const envoyProgram =
    options.envoy === "real" ? await (await import("./envoy/program.ts")).ensureEnvoy(options.say) : null;
  return new AgentSandbox(await STARTERS[backend]({ ...options, envoyProgram }));
}

/** Each backend is loaded only when it is used: the engine's client takes a fifth of a second. */
const STARTERS = {
  docker: async ({ reuse, ...options }) =>
    reuse === undefined
      ? (await import("./docker/start.ts")).startDockerWorld(options)
      : (await import("./docker/reuse.ts")).openReusedWorld(options, reuse),
  netns: async ({ envoyProgram, addresses }) =>
    (await import("./netns/world.ts")).startNetnsWorld(envoyProgram, addresses),
} satisfies Record<KernelBackend, (options: SandboxOptions & Pick<DockerOptions, "envoyProgram">) => Promise<World>>;
