import { setTimeout as sleep } from "node:timers/promises";
import { AgentClient } from "../agents/agent-client.ts";
import { FORWARDING_SYSCTLS, HOST_SYSCTLS, type Sysctls } from "../pod/sysctls.ts";
import type { AgentContainerPlan, StartedAgent } from "./container.ts";
import { unlessGone, waitForRemoval } from "./engine-answers.ts";
import type { EngineSource } from "./engine-source.ts";
import { noteContainers } from "./use.ts";

/** What every container of one sandbox has in common. */
export type CommonPlan = Pick<AgentContainerPlan, "image" | "run" | "lifetime"> & {
  readonly rights: "capabilities" | "privileged";
  /** What the names of the containers begin with: `landfall-4711-0`. */
  readonly prefix: string;
};

/** What makes one container different from the others. */
export type OwnPlan = Pick<AgentContainerPlan, "role" | "place"> & {
  readonly capabilities: readonly string[];
  /** Where it is another than the common one. */
  readonly image?: string;
};

/** A container with its agent. */
export interface CrewMember {
  readonly id: string;
  readonly name: string;
  readonly agent: AgentClient;
}

/**
 * Of every network namespace, in the engine's spelling: the pod passes on what a `vm` behind it sends and no rule takes, and upstream says
 * at once that it knows no way.
 */
const SYSCTLS: Sysctls = Object.fromEntries(
  Object.entries({ ...HOST_SYSCTLS, ...FORWARDING_SYSCTLS }).map(([path, value]) => [path.replaceAll("/", "."), value]),
);

/** How long an agent may take to end with its stdin before its container is removed by force. */
const END_TIMEOUT_MS = 5_000;

/** The containers of one sandbox, from their start to their end. */
export class DockerCrew implements AsyncDisposable {
  readonly #engine: EngineSource;
  readonly #common: CommonPlan;
  readonly #starts: Promise<{ readonly member: CrewMember; readonly container: StartedAgent }>[] = [];

  constructor(engine: EngineSource, common: CommonPlan) {
    this.#engine = engine;
    this.#common = common;
  }

  /** Starts a container and gives it with its agent, which may still be booting: calls wait for it. */
  async start(own: OwnPlan): Promise<CrewMember> {
    const start = this.#launch(own);
    this.#starts.push(start);
    return (await start).member;
  }

  /**
   * Ends every agent, those still starting too, and waits until the engine has removed its container; what is to be kept is only let go of.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    const settled = await Promise.allSettled(this.#starts);
    const started = settled.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
    if (this.#common.lifetime === "run") await Promise.all(started.map(({ member }) => this.#end(member)));
    else for (const { container } of started) container.detach();
  }

  async #launch({ role, place, capabilities, image = this.#common.image }: OwnPlan) {
    noteContainers();
    const sysctls = place.kind === "own" ? SYSCTLS : {};
    const { rights, prefix, ...common } = this.#common;
    const name = `${prefix}-${role}`;
    const granted = rights === "privileged" ? rights : capabilities;
    const { startAgentContainer } = await import("./container.ts");
    const plan = { ...common, image, role, name, place, sysctls, capabilities: granted };
    const container = await startAgentContainer(await this.#engine(), plan);
    return {
      container,
      member: { id: container.id, name, agent: new AgentClient(`the container ${name}`, container) },
    };
  }

  async #end({ id, agent }: CrewMember): Promise<void> {
    const container = (await this.#engine()).getContainer(id);
    const over = new AbortController();
    const removed = waitForRemoval(container, over.signal);
    const late = sleep(END_TIMEOUT_MS, "late", { signal: over.signal }).catch(() => "in time");
    const ended = agent[Symbol.asyncDispose]().then(() => removed);
    if ((await Promise.race([ended, late])) === "late") await unlessGone(container.remove({ force: true }), [404, 409]);
    over.abort();
  }
}
