import type Docker from "dockerode";
import { currentRunId } from "../run-id.ts";
import { DockerCrew, type OwnPlan } from "./crew.ts";
import { reachEngine } from "./engine.ts";
import { engineFailed } from "./engine-answers.ts";
import { type DockerHost, HOST_CAPABILITIES, setUpHosts } from "./hosts.ts";
import { ensureImage } from "./image.ts";
import type { Lifetime } from "./labels.ts";
import { createNetwork, removeNetwork, type SandboxNetwork } from "./network.ts";
import { sandboxAddressesAt } from "./subnets.ts";
import { sweepEngine } from "./sweep.ts";
import { DockerVm } from "./vm.ts";
import { type DockerOptions, DockerWorld, type StartedWorld } from "./world.ts";

/** The proxy's listeners are transparent in TPROXY mode, which takes NET_ADMIN (ip(7), IP_TRANSPARENT). */
const PROXY_CAPABILITIES = ["NET_ADMIN", "SETUID", "SETGID"];
/** A real Envoy is a process with the proxy's ids, which the agent has to be able to end. */
const ENVOY_CAPABILITIES = [...PROXY_CAPABILITIES, "KILL"];
const APP_CAPABILITIES = ["SETUID", "SETGID"];

/** What makes one world different from others with the same options. */
interface WorldPlan {
  readonly lifetime: Lifetime;
  /** What the names of its containers begin with. Left out: `landfall-4711-0`, after this process and its place in the pool. */
  readonly prefix?: string;
}

/**
 * Makes a docker world, after sweeping what dead runs have left. What was begun is undone where it fails.
 * Throws `environment` with the engine's words.
 */
export async function startDockerWorld(options: DockerOptions): Promise<DockerWorld> {
  const engine = await reachEngine();
  const { started, life } = await startWorld(engine, options, options);
  return new DockerWorld(async () => engine, options, started, life);
}

/**
 * Starts the containers of a world and gives what stands, and what undoes it: containers that are to outlive this process are only let go
 * of. Throws as {@link startDockerWorld}.
 */
export async function startWorld(engine: Docker, options: DockerOptions, { lifetime, prefix }: WorldPlan) {
  await using undo = new AsyncDisposableStack();
  const begun = [
    ensureImages(engine, options),
    makeNetwork(engine, lifetime, undo),
    // testcontainers takes a sixth of a second to load; the engine has the network to make meanwhile.
    import("./container.ts"),
  ] as const;
  // Both are awaited to their end even if one fails: what the other has made must be on the stack before it unwinds.
  await Promise.allSettled(begun);
  const [{ image, proxy }, network] = await Promise.all(begun);
  const common = { image, run: currentRunId(), prefix: prefix ?? `landfall-${process.pid}-${network.place}` };
  const crew = new DockerCrew(async () => engine, { ...common, rights: options.rights, lifetime });
  const started = await startContainers(engine, network, crew, { lifetime, proxy }, undo);
  return { started, life: undo.move() };
}

/** The proxy's container holds Envoy where a real one is to stand in the stub's place. */
async function ensureImages(engine: Docker, { say, envoyProgram }: DockerOptions) {
  const image = await ensureImage(engine, "pod", say);
  if (envoyProgram === null) return { image, proxy: { capabilities: PROXY_CAPABILITIES, image } };
  const proxyImage = await ensureImage(engine, "envoy", say, { base: image, envoyProgram });
  return { image, proxy: { capabilities: ENVOY_CAPABILITIES, image: proxyImage } };
}

async function makeNetwork(engine: Docker, lifetime: Lifetime, undo: AsyncDisposableStack) {
  await sweepEngine(engine, "dead").catch((error) => {
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
  {
    lifetime,
    proxy: proxyPlan,
  }: Pick<WorldPlan, "lifetime"> & {
    readonly proxy: Pick<OwnPlan, "capabilities" | "image">;
  },
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
  vm = new DockerVm({ engine: async () => engine, addresses, place, run: currentRunId(), crew, pod: owner, lifetime });
  return { addresses, vm, members: { pod: owner, app, proxy, client, upstream } };
}
