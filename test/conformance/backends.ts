import { DEFAULT_SANDBOX_OPTIONS, openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";

/** A backend under the conformance suite: one row each. */
export interface BackendRow {
  readonly backend: string;
  readonly start: () => Promise<Sandbox>;
  /** `kernel`: rules are the kernel's to take or refuse. `simulated`: there is none. */
  readonly kind: "kernel" | "simulated";
}

export const BACKENDS: readonly BackendRow[] = [
  { backend: "netns", kind: "kernel", start: () => openSandbox("netns") },
  { backend: "docker", kind: "kernel", start: () => openSandbox("docker") },
  {
    backend: "docker",
    kind: "kernel",
    start: () => openSandbox("docker", { ...DEFAULT_SANDBOX_OPTIONS, captureBy: "init-container" }),
  },
  { backend: "simulated", kind: "simulated", start: () => openSandbox("simulated") },
];
