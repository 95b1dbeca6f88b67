import { readFile } from "node:fs/promises";
import type Docker from "dockerode";
import { LandfallError } from "../errors.ts";
import type { SandboxAddresses } from "../model/pod.ts";
import { type CrewMember, DockerCrew, type OwnPlan } from "./docker-crew.ts";
import { connectEngine, engineFailed, whyNoEngine } from "./docker-engine.ts";
import { type DockerHost, setUpHosts } from "./docker-hosts.ts";
import { ensureImage } from "./docker-image.ts";
import { runInitContainer } from "./docker-init.ts";
import { createNetwork, removeNetwork, type SandboxNetwork } from "./docker-network.ts";
import { sandboxAddressesAt } from "./docker-subnets.ts";
import { DockerVm } from "./docker-vm.ts";
import type { Lifetime } from "./labels.ts";
import { currentRunId } from "./run-id.ts";
import { checkScript, SCRIPT_TIMEOUT_MS } from "./script.ts";
import type { Station, StationName } from "./station.ts";
import { sweep } from "./sweep.ts";
import type { World } from "./world.ts";

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

/** Every host sets up its own routes and takes the engine's rules out; its agent makes sockets as any owner. */
const HOST_CAPABILITIES = ["NET_ADMIN", "NET_RAW", "SETUID", "SETGID"];
/** The proxy's listeners are transparent in TPROXY mode, which takes NET_ADMIN (ip(7), IP_TRANSPARENT). */
const PROXY_CAPABILITIES = ["NET_ADMIN", "SETUID", "SETGID"];
/** A real Envoy is a process with the proxy's ids, which the agent has to be able to end. */
const ENVOY_CAPABILITIES = [...PROXY_CAPABILITIES, "KILL"];
const APP_CAPABILITIES = ["SETUID", "SETGID"];
/** Where images/envoy has put Envoy. */
const PROGRAM_IN_CONTAINER = "/usr/local/bin/envoy";

/**
 * A pod of containers as Kubernetes makes it: one owns the network namespace and app and proxy share it; client and upstream stand
 * beside it on a network out of which no route leads. An agent is the first process of each.
 */
export class DockerWorld implements World {
  readonly backend = "docker";
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

  async runScript(path: string): Promise<void> {
    const run = 'file=$(mktemp) && cat >"$file" && chmod +x "$file" && "$file"; status=$?; rm -f "$file"; exit $status';
    const stdin = await readFile(path, "utf8");
    const command = { command: ["sh", "-c", run], environment: {}, stdin, timeoutMs: SCRIPT_TIMEOUT_MS };
    checkScript(path, await this.#pod.agent.call("run", { namespace: null, ...command }));
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
interface StartedWorld {
  readonly addresses: SandboxAddresses;
  readonly vm: DockerVm;
  readonly members: Readonly<Record<Exclude<StationName, "vm">, CrewMember>>;
}

/**
 * Makes a docker world, after sweeping what dead runs have left. What was begun is undone where it fails.
 * Throws `environment` with the engine's words.
 */
export async function startDockerWorld(options: DockerOptions): Promise<DockerWorld> {
  const engine = connectEngine();
  const why = await whyNoEngine(engine);
  if (why !== null)
    throw new LandfallError("environment", `no container engine answers (${why}). landfall doctor says what to do.`);
  await using undo = new AsyncDisposableStack();
  const begun = [
    ensureImages(engine, options),
    makeNetwork(engine, options, undo),
    // testcontainers takes a sixth of a second to load; the engine has the network to make meanwhile.
    import("./docker-container.ts"),
  ] as const;
  // Both are awaited to their end even if one fails: what the other has made must be on the stack before it unwinds.
  await Promise.allSettled(begun);
  const [{ image, proxy }, network] = await Promise.all(begun);
  const common = { image, run: currentRunId(), prefix: `landfall-${process.pid}-${network.place}` };
  const crew = new DockerCrew(engine, { ...common, rights: options.rights, lifetime: options.lifetime });
  const started = await startContainers(engine, network, crew, { ...options, proxy }, undo);
  return new DockerWorld(engine, options, started, undo.move());
}

/** The proxy's container holds Envoy where a real one is to stand in the stub's place. */
async function ensureImages(engine: Docker, { say, envoyProgram }: DockerOptions) {
  const image = await ensureImage(engine, "pod", say);
  if (envoyProgram === null) return { image, proxy: { capabilities: PROXY_CAPABILITIES, image } };
  const proxyImage = await ensureImage(engine, "envoy", say, { base: image, envoyProgram });
  return { image, proxy: { capabilities: ENVOY_CAPABILITIES, image: proxyImage } };
}

async function makeNetwork(engine: Docker, { lifetime }: DockerOptions, undo: AsyncDisposableStack) {
  await sweep(engine, "dead").catch((error) => {
    throw engineFailed("list what dead runs have left", error);
  });
  const network = await createNetwork(engine, "pod", currentRunId(), lifetime);
  if (lifetime === "run") undo.defer(async () => void (await removeNetwork(engine, network.id)));
  return network;
}

async function startContainers(
  engine: Docker,
  network: SandboxNetwork,
  crew: DockerCrew,
  { lifetime, proxy: proxyPlan }: DockerOptions & { readonly proxy: Pick<OwnPlan, "capabilities" | "image"> },
  undo: AsyncDisposableStack,
): Promise<StartedWorld> {
  const { place } = network;
  const addresses = sandboxAddressesAt(place);
  const host = async (name: DockerHost["host"]) => {
    const own = { kind: "own", network, addresses: addresses[name] } as const;
    const member = await crew.start({ role: name, place: own, capabilities: HOST_CAPABILITIES });
    const { NetworkSettings } = await engine.getContainer(member.id).inspect();
    return { ...member, host: name, mac: NetworkSettings.Networks[network.name]?.MacAddress ?? "" };
  };
  const inPod = async (role: "app" | "proxy", own: Pick<OwnPlan, "capabilities" | "image">) =>
    crew.start({ role, place: { kind: "shared", container: (await pod).id }, ...own });
  let vm: DockerVm | null = null;
  undo.defer(async () => vm?.[Symbol.asyncDispose]());
  undo.use(crew);
  const pod = host("pod");
  const hosts = Promise.all([pod, host("client"), host("upstream")]);
  const [[owner, client, upstream], app, proxy] = await Promise.all([
    hosts,
    inPod("app", { capabilities: APP_CAPABILITIES }),
    inPod("proxy", proxyPlan),
    hosts.then((all) => setUpHosts(all, addresses, place)),
  ]);
  vm = new DockerVm({ engine, addresses, place, run: currentRunId(), crew, pod: owner, lifetime });
  return { addresses, vm, members: { pod: owner, app, proxy, client, upstream } };
}
