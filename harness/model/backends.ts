import type { BackendName } from "./report.ts";

/** What a backend can do. Whoever needs one of these asks for it, and never for a backend by its name. */
export interface Backend {
  /** Who says where a flow lands: this machine's kernel, or the simulator, which sees nothing. */
  readonly judge: "kernel" | "simulator";
  /** What the pod and its peers are made of. Only containers have rights to choose, and an init container. */
  readonly hosts: "containers" | "namespaces" | "none";
  /** Whether a pod can be left standing when landfall ends. */
  readonly pod: "outlives-process" | "ends-with-process";
  /** Sandboxes that a processor can serve before commands in them time out; most of the time they wait for the kernel. */
  readonly jobsPerProcessor: number;
  /**
   * Sandboxes at the same time that are quickest for many scenarios, for the mutants of one rule set, many of which wait for a time-out,
   * and for those of several, where a sandbox costs the time of thirty mutants to start.
   */
  readonly jobs: Readonly<Record<"scenarios" | "mutants" | "mutants-of-several", number>>;
}

/** Every backend. `--sandbox auto` takes the first with a kernel that works, in this order. */
export const BACKENDS = {
  docker: {
    judge: "kernel",
    hosts: "containers",
    pod: "outlives-process",
    // A sandbox is five containers with an agent each, which cost more than they gain beyond two.
    jobsPerProcessor: 2,
    jobs: { scenarios: 2, mutants: 2, "mutants-of-several": 2 },
  },
  netns: {
    judge: "kernel",
    hosts: "namespaces",
    pod: "ends-with-process",
    jobsPerProcessor: 4,
    jobs: { scenarios: 4, mutants: 4, "mutants-of-several": 8 },
  },
  simulated: {
    judge: "simulator",
    hosts: "none",
    pod: "ends-with-process",
    jobsPerProcessor: 4,
    jobs: { scenarios: 2, mutants: 6, "mutants-of-several": 8 },
  },
} as const satisfies Record<BackendName, Backend>;

/** A backend on which the kernel says where flows land. */
export type KernelBackend = {
  [N in BackendName]: (typeof BACKENDS)[N]["judge"] extends "kernel" ? N : never;
}[BackendName];

/** A backend as users name it; `auto`: the first with a kernel that works here. */
export type BackendChoice = BackendName | "auto";

/** A backend as users name it where a kernel is needed: `simulated` is not among them. */
export type KernelChoice = KernelBackend | "auto";

const NAMES = Object.keys(BACKENDS) as readonly BackendName[];

/** The backends with a kernel, in the order in which `auto` tries them. */
export const KERNEL_BACKENDS: readonly KernelBackend[] = NAMES.filter(hasKernel);

/** The values that `--sandbox` takes: every backend, and `auto`. */
export const BACKEND_CHOICES: readonly BackendChoice[] = [...NAMES, "auto"];

/** The values that `--sandbox` takes where a kernel is needed; `simulated` is not among them. */
export const KERNEL_CHOICES: readonly KernelChoice[] = [...KERNEL_BACKENDS, "auto"];

/** The backend of `mutate` unless another is named: it is put up and changed the quickest. */
export const MUTATION_BACKEND: BackendName = "netns";

/** Says whether flows on a backend land where a kernel sends them, not where the simulator says. */
export function hasKernel(name: BackendName): name is KernelBackend {
  return BACKENDS[name].judge === "kernel";
}

/** Gives what a backend can do; of `auto` what the first that it tries can. */
export function backendOf(choice: BackendChoice): Backend {
  return BACKENDS[choice === "auto" ? (KERNEL_BACKENDS[0] ?? MUTATION_BACKEND) : choice];
}

/** What is to be said of one backend on this machine. `why` and `remedy` are whole sentences, null where it works. */
export interface BackendState {
  readonly backend: BackendName;
  readonly works: boolean;
  readonly why: string | null;
  readonly remedy: string | null;
}
