import { LandfallError } from "../errors.ts";
import { type BackendState, KERNEL_BACKENDS, type KernelBackend } from "../model/backends.ts";
import type { BackendName } from "../model/report.ts";
import { connectEngine, EngineAddressError, type EngineSilence, whyNoEngine } from "./docker/engine.ts";
import { detectNetns } from "./netns/detection.ts";
import { findFaults } from "./surroundings.ts";

/** What is left to who has no kernel to ask. */
const WITHOUT_KERNEL =
  "\n  simulated: works; it predicts where flows land: use --sandbox simulated with verify and mutate.";

/**
 * Looks which backends work here. `docker` and `netns` are tried, not guessed at: an engine is asked, and rules are listed in a network
 * namespace that ends with the look.
 */
export async function detectBackends(): Promise<readonly BackendState[]> {
  return Promise.all(Object.values(DETECTORS).map((detect) => detect()));
}

/**
 * Gives the backend that `--sandbox auto` stands for: the first of those with a kernel that works.
 * Throws `environment` with every reason and remedy where none works, and names the one that needs no kernel.
 */
export async function chooseBackend(): Promise<KernelBackend> {
  const failed: BackendState[] = [];
  for (const backend of KERNEL_BACKENDS) {
    const state = await DETECTORS[backend]();
    if (state.works) return backend;
    failed.push(state);
  }
  const reasons = failed.map(({ backend, why, remedy }) => `\n  ${backend}: ${why} ${remedy}`);
  throw new LandfallError("environment", `no backend with a kernel works here.${reasons.join("")}${WITHOUT_KERNEL}`);
}

const DETECTORS = {
  docker: () => detectUnlessLimited("docker", detectDocker),
  netns: () => detectUnlessLimited("netns", detectNetns),
  simulated: async () => works("simulated"),
} satisfies Record<BackendName, () => Promise<BackendState>>;

/** Where this process may not have what a sandbox takes, a look at the tools alone would promise too much. */
async function detectUnlessLimited(backend: KernelBackend, detect: () => Promise<BackendState>): Promise<BackendState> {
  const faults = findFaults();
  return faults.length === 0 ? detect() : fails(backend, faults.join(" "), "Then run landfall doctor again.");
}

/** Says whether containers work: whether an engine answers. */
export async function detectDocker(): Promise<BackendState> {
  const where = process.env["DOCKER_HOST"] ?? "the default socket";
  try {
    const silence = await whyNoEngine(connectEngine());
    return silence === null
      ? works("docker")
      : fails("docker", `No container engine answers at ${where} (${silence.why}).`, engineRemedy(silence));
  } catch (error) {
    if (!(error instanceof EngineAddressError)) throw error;
    return fails("docker", error.why, error.remedy);
  }
}

function engineRemedy({ errno }: EngineSilence): string {
  if (errno === "EACCES")
    return "Run as root, or let your user use the engine: sudo usermod -aG docker $USER, then log in again.";
  if (process.env["DOCKER_HOST"]) return "Start that engine, or unset DOCKER_HOST.";
  return "Start one: sudo systemctl start docker. Where none is installed: sudo npm run setup.";
}

function works(backend: BackendName): BackendState {
  return { backend, works: true, why: null, remedy: null };
}

function fails(backend: BackendName, why: string, remedy: string): BackendState {
  return { backend, works: false, why, remedy };
}
