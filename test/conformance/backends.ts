import { AgentSandbox } from "../../harness/sandbox/agents/agent-sandbox.ts";
import { startNetnsWorld } from "../../harness/sandbox/netns/world.ts";
import { DEFAULT_SANDBOX_OPTIONS, openSandbox } from "../../harness/sandbox/open-sandbox.ts";
import type { Sandbox } from "../../harness/sandbox/sandbox.ts";

/** A backend under the conformance suite: one row each. */
export interface BackendRow {
  readonly backend: string;
  /** What tells rows of one backend apart. */
  readonly how: string;
  readonly start: () => Promise<Sandbox>;
  /** The program with which a script puts rules where the sandbox looks for them; `iptables` unless named. */
  readonly iptables?: "iptables-legacy";
  /** `kernel`: rules are the kernel's to take or refuse. `simulated`: there is none. */
  readonly kind: "kernel" | "simulated";
}

export const BACKENDS: readonly BackendRow[] = [
  { backend: "netns", how: "as it comes", kind: "kernel", start: () => openSandbox("netns") },
  {
    backend: "netns",
    how: "through iptables-legacy",
    iptables: "iptables-legacy",
    kind: "kernel",
    start: async () => new AgentSandbox(await startNetnsWorld(), "legacy"),
  },
  { backend: "docker", how: "as it comes", kind: "kernel", start: () => openSandbox("docker") },
  {
    backend: "docker",
    how: "by an init container",
    kind: "kernel",
    start: () => openSandbox("docker", { ...DEFAULT_SANDBOX_OPTIONS, captureBy: "init-container" }),
  },
  { backend: "simulated", how: "as it comes", kind: "simulated", start: () => openSandbox("simulated") },
];
