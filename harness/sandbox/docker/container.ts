import { extname } from "node:path";
import type Docker from "dockerode";
import { GenericContainer, PullPolicy, type WaitStrategy } from "testcontainers";
import type { HostAddresses } from "../../model/pod-shape.ts";
import { type AttachedAgent, attachAgent } from "./attachment.ts";
import { engineFailed } from "./engine-answers.ts";
import { linkByLibrary } from "./engine-link.ts";
import { type Lifetime, makeLabels } from "./labels.ts";
import type { SandboxNetwork } from "./network.ts";

/** Where a container's network namespace comes from: its own on a network of ours, or the one of another container. */
export type NetworkPlace =
  | { readonly kind: "own"; readonly network: SandboxNetwork; readonly addresses: HostAddresses }
  | { readonly kind: "shared"; readonly container: string };

/** A container in which a sandbox agent is to run. */
export interface AgentContainerPlan {
  readonly image: string;
  /** Its label, and the end of its name: `app`. */
  readonly role: string;
  readonly name: string;
  readonly run: string;
  readonly place: NetworkPlace;
  /** Capabilities without their CAP_; all others are dropped. `privileged` instead gives everything the engine itself has. */
  readonly capabilities: readonly string[] | "privileged";
  /** Only where the network namespace is the container's own. */
  readonly sysctls: Readonly<Record<string, string>>;
  readonly lifetime: Lifetime;
}

/** A started container with the streams of its first process. */
export interface StartedAgent extends AttachedAgent {
  readonly id: string;
}

const AGENT_COMMAND = ["node", `/landfall/harness/agent/main${extname(import.meta.filename)}`];

/**
 * Starts a container whose first process is the agent, its streams attached before it starts. The engine closes the agent's stdin when the
 * connection to this process breaks (`StdinOnce`), the agent ends with its stdin, and the engine removes what has ended (`AutoRemove`): so
 * nothing is left however this process dies, and no reaper is needed. Throws `environment` with the engine's words.
 */
export async function startAgentContainer(engine: Docker, plan: AgentContainerPlan): Promise<StartedAgent> {
  const container = new AgentContainer(engine, plan);
  try {
    const started = await container.start();
    return { id: started.getId(), ...container.takeAttached() };
  } catch (error) {
    container.detach();
    const unprivileged =
      plan.capabilities === "privileged" ? ", privileged; without --privileged it needs fewer rights" : "";
    throw engineFailed(`start the container of ${plan.role}${unprivileged}`, error);
  }
}

/** testcontainers makes, starts and looks after the container; what it has no method for is set here on its protected options. */
class AgentContainer extends GenericContainer {
  readonly #engine: Docker;
  #attached: AttachedAgent | null = null;

  constructor(engine: Docker, plan: AgentContainerPlan) {
    super(plan.image);
    this.#engine = engine;
    this.withName(plan.name)
      .withCommand(AGENT_COMMAND)
      .withLabels(makeLabels(plan.run, plan.role, plan.lifetime))
      .withPullPolicy(PullPolicy.neverPull())
      .withAutoCleanup(false)
      .withWaitStrategy(ATTACHED);
    if (plan.capabilities === "privileged") this.withPrivilegedMode();
    else this.withDroppedCapabilities("ALL").withAddedCapabilities(...plan.capabilities);
    const attached = { AttachStdin: true, AttachStdout: true, AttachStderr: true, OpenStdin: true };
    Object.assign(this.createOpts, { ...attached, StdinOnce: plan.lifetime === "run" });
    Object.assign(this.hostConfig, { AutoRemove: true, LogConfig: { Type: "none" }, Sysctls: plan.sysctls });
    this.#place(plan.place);
  }

  #place(place: NetworkPlace): void {
    if (place.kind === "shared") {
      this.withNetworkMode(`container:${place.container}`);
      return;
    }
    const { network, addresses } = place;
    const IPAMConfig = { IPv4Address: addresses[4], IPv6Address: addresses[6] };
    this.withNetworkMode(network.name);
    this.createOpts.NetworkingConfig = { EndpointsConfig: { [network.name]: { IPAMConfig } } };
  }

  protected override async containerCreated(id: string): Promise<void> {
    this.#attached = await attachAgent(linkByLibrary(this.#engine), id);
  }

  /** Gives the streams of a container that has been started. */
  takeAttached(): AttachedAgent {
    if (this.#attached === null) throw new RangeError("the container was started without being attached to");
    return this.#attached;
  }

  detach(): void {
    this.#attached?.detach();
  }
}

/** The container is ready for its streams as soon as it runs; whether the agent is, the agent itself says. */
const ATTACHED: WaitStrategy = {
  waitUntilReady: async () => {},
  withStartupTimeout: () => ATTACHED,
  isStartupTimeoutSet: () => false,
  getStartupTimeout: () => 0,
};
