import type { KernelBackend } from "../model/backends.ts";
import type { SandboxAddresses } from "../model/pod.ts";
import type { Stations } from "./station.ts";

/**
 * What a backend with a kernel has made and keeps alive: hosts, networks, and an agent at every station. The rest of a sandbox is the
 * same whichever backend made it (`AgentSandbox`).
 */
export interface World extends AsyncDisposable {
  readonly backend: KernelBackend;
  readonly addresses: SandboxAddresses;
  /** Path, as the proxy's agent sees it, of the real Envoy that is to stand in the stub's place; null: the stub. */
  readonly envoyProgram: string | null;
  /** `vm` is among them once {@link World.linkInterfaces} was asked for an interface. */
  readonly stations: Stations;
  /** Brings the pod's further interfaces to exactly these names, behind each of which the `vm` stands. */
  linkInterfaces(names: readonly string[]): Promise<void>;
  /** Whether the pod has a file system of its own, or sees the machine's through its agent's mount namespace. */
  readonly files: "own" | "shared";
  /**
   * Runs `landfall apply` in the pod as an init container would. Throws `rules-refused` with its words where it fails. Null: the resident
   * agent puts the generated rules in.
   */
  readonly runCapture:
    | ((flags: readonly string[], environment: Readonly<Record<string, string>>) => Promise<void>)
    | null;
  /** Runs a script in the pod's network namespace as root. Throws `rules-refused` where it fails, with its words, or hangs. */
  runScript(path: string): Promise<void>;
  /**
   * Leaves the world, in which nothing is any more, for a later run, and this process has no more to do with it. Rejects where it is not as
   * it was when it was made, or cannot be left; then it is to be disposed of. Null where no later run is to have it.
   */
  readonly leave: (() => Promise<void>) | null;
  shellHint(): string | null;
}
