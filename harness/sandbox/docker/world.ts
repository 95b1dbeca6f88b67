import { readFile } from "node:fs/promises";
import type Docker from "dockerode";
import type { SandboxAddresses } from "../../model/pod.ts";
import { runScript } from "../pod/script.ts";
import { currentRunId } from "../run-id.ts";
import type { Station, StationName } from "../station.ts";
import type { World } from "../world.ts";
import type { CrewMember } from "./crew.ts";
import { engineFailed, whyNoEngine } from "./engine.ts";
import { ensureImage } from "./image.ts";
import { runInitContainer } from "./init.ts";
import type { Lifetime } from "./labels.ts";
import type { DockerVm } from "./vm.ts";

/** How a docker world is to be. */
export interface DockerOptions {
  /** `privileged` gives every container all that the engine has, for kernels that want more than NET_ADMIN and NET_RAW. */
  readonly rights: "capabilities" | "privileged";
  /** `kept`: containers and networks outlive this process, for a person to look at. */
  readonly lifetime: Lifetime;
  /**
   * Who puts in what flags ask for: the image `istio-iptables` as an init container, which is what a mesh deploys and costs some 0.4 s
   * each time, or the resident agent, which puts the same rules in within milliseconds.
   */
  readonly captureBy: "init-container" | "resident-agent";
  /** Hears of what takes long. */
  readonly say: (text: string) => void;
  /** Path of the real Envoy that is to stand in the stub's place; null: the stub. */
  readonly envoyProgram: string | null;
}

/** Where images/envoy has put Envoy. */
const PROGRAM_IN_CONTAINER = "/usr/local/bin/envoy";

/**
 * A pod of containers as Kubernetes makes it: one owns the network namespace and app and proxy share it; client and upstream stand beside
 * it on a network out of which no route leads. An agent is the first process of each. What the engine refuses is `environment`.
 */
export class DockerWorld implements World {
  readonly backend = "docker";
  readonly files = "own";
  readonly addresses: SandboxAddresses;
  readonly envoyProgram: string | null;
  readonly stations = new Map<StationName, Station>();
  readonly #engine: Docker;
  readonly #options: DockerOptions;
  readonly #run = currentRunId();
  readonly #pod: CrewMember;
  readonly #vm: DockerVm;
  readonly #life: AsyncDisposableStack;
  #end: Promise<void> | null = null;

  constructor(engine: Docker, options: DockerOptions, started: StartedWorld, life: AsyncDisposableStack) {
    const { addresses, members } = started;
    this.#engine = engine;
    this.#options = options;
    this.addresses = addresses;
    this.envoyProgram = options.envoyProgram === null ? null : PROGRAM_IN_CONTAINER;
    for (const [name, { agent }] of Object.entries(members)) {
      this.stations.set(name as StationName, { agent, namespace: null });
    }
    this.#pod = members.pod;
    this.#vm = started.vm;
    this.#life = life;
  }

  async linkInterfaces(names: readonly string[]): Promise<void> {
    const agent = await this.#vm.link(names);
    if (agent) this.stations.set("vm", { agent, namespace: null });
  }

  get runCapture(): World["runCapture"] {
    return this.#options.captureBy === "init-container" ? this.#runInit : null;
  }

  readonly #runInit = async (flags: readonly string[], environment: Readonly<Record<string, string>>) => {
    const image = await ensureImage(this.#engine, "istio-iptables", this.#options.say);
    const plan = { image, run: this.#run, pod: this.#pod.id, args: flags, environment, rights: this.#options.rights };
    await runInitContainer(this.#engine, plan);
  };

  async runScript(path: string, timeoutMs?: number): Promise<void> {
    const words =
      'file=$(mktemp) && cat >"$file" && chmod +x "$file" && "$file"; status=$?; rm -f "$file"; exit $status';
    const stdin = await readFile(path, "utf8");
    const command = { namespace: null, command: ["sh", "-c", words], environment: {}, stdin };
    const { agent } = this.#pod;
    const run = (timeoutMs: number) => agent.call("run", { ...command, timeoutMs, timeoutFault: "rules-refused" });
    await runScript(path, run, timeoutMs);
  }

  shellHint(): string {
    return `docker exec -it ${this.#pod.name} bash`;
  }

  /**
   * Where the engine is gone there is nothing to be done: the agents end with their streams, and a later run sweeps the rest. Disposed of
   * twice, it is waited for twice.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#end ??= this.#remove();
    return this.#end;
  }

  async #remove(): Promise<void> {
    try {
      await this.#life.disposeAsync();
    } catch (error) {
      if ((await whyNoEngine(this.#engine)) === null) throw engineFailed("remove the sandbox", error);
    }
  }
}

/** What stands once the containers run. */
export interface StartedWorld {
  readonly addresses: SandboxAddresses;
  readonly vm: DockerVm;
  readonly members: Readonly<Record<Exclude<StationName, "vm">, CrewMember>>;
}
