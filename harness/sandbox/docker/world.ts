import { readFile } from "node:fs/promises";
import type { SandboxAddresses } from "../../model/pod.ts";
import { runScript } from "../pod/script.ts";
import { currentRunId } from "../run-id.ts";
import type { Station, StationName } from "../station.ts";
import type { World } from "../world.ts";
import type { CrewMember } from "./crew.ts";
import { engineFailed } from "./engine-answers.ts";
import type { EngineSource } from "./engine-source.ts";
import type { Keeping } from "./keeping.ts";
import type { Lifetime, WorldName } from "./labels.ts";
import type { DockerVm } from "./vm.ts";

/** How a docker world is to be. */
export interface DockerOptions {
  /** `privileged` gives every container all that the engine has, for kernels that want more than NET_ADMIN and NET_RAW. */
  readonly rights: "capabilities" | "privileged";
  /** `kept`: containers and networks outlive this process, for a person to look at. */
  readonly lifetime: Exclude<Lifetime, WorldName>;
  /**
   * Says what is to be in the pod, as any text: a world that an earlier run of the same text has kept is taken up where there is one, and
   * the world is kept for the next. Left out: neither.
   */
  readonly reuse?: string;
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
  readonly #engine: EngineSource;
  readonly #options: DockerOptions;
  readonly #run = currentRunId();
  readonly #pod: CrewMember;
  readonly #vm: DockerVm;
  readonly #life: AsyncDisposableStack;
  readonly #keeping: Keeping | null;
  #end: Promise<void> | null = null;

  /** `life` undoes what was started. With `keeping` the world may be left for a later run, and is removed otherwise. */
  constructor(
    engine: EngineSource,
    options: DockerOptions,
    started: StartedWorld,
    life: AsyncDisposableStack,
    keeping: Keeping | null = null,
  ) {
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
    this.#keeping = keeping;
  }

  get leave(): World["leave"] {
    const keeping = this.#keeping;
    return keeping === null ? null : () => this.#leave(keeping);
  }

  async linkInterfaces(names: readonly string[]): Promise<void> {
    const agent = await this.#vm.link(names);
    if (agent) this.stations.set("vm", { agent, namespace: null });
  }

  get runCapture(): World["runCapture"] {
    return this.#options.captureBy === "init-container" ? this.#runInit : null;
  }

  readonly #runInit = async (flags: readonly string[], environment: Readonly<Record<string, string>>) => {
    const [{ ensureImage }, { runInitContainer }] = await Promise.all([import("./image.ts"), import("./init.ts")]);
    const engine = await this.#engine();
    const image = await ensureImage(engine, "istio-iptables", this.#options.say);
    const plan = { image, run: this.#run, pod: this.#pod.id, args: flags, environment, rights: this.#options.rights };
    await runInitContainer(engine, plan);
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

  async #leave(keeping: Keeping): Promise<void> {
    const agents = [...new Set([...this.stations.values()].map(({ agent }) => agent))];
    // Nobody must speak to the agents once the world is at rest: the next run does.
    await keeping.rest(this.#pod.agent, agents, () => this.#life.disposeAsync());
    this.#end = Promise.resolve();
  }

  async #remove(): Promise<void> {
    try {
      await this.#life.disposeAsync();
      await this.#keeping?.discard();
    } catch (error) {
      const { whyNoEngine } = await import("./engine.ts");
      if ((await whyNoEngine(await this.#engine())) === null) throw engineFailed("remove the sandbox", error);
    }
  }
}

/** What stands once the containers run. */
export interface StartedWorld {
  readonly addresses: SandboxAddresses;
  readonly vm: DockerVm;
  readonly members: Readonly<Record<Exclude<StationName, "vm">, CrewMember>>;
}
