import { createHash, randomBytes } from "node:crypto";
import type Docker from "dockerode";
import { describeError } from "../../errors.ts";
import { AgentClient } from "../agents/agent-client.ts";
import { currentRunId } from "../run-id.ts";
import type { StationName } from "../station.ts";
import { attachAgent } from "./attachment.ts";
import { type CrewMember, DockerCrew } from "./crew.ts";
import { engineFailed } from "./engine-answers.ts";
import { type EngineLink, findEngineSocket, linkByLibrary, linkBySocket } from "./engine-link.ts";
import { type EngineSource, reachWhenAsked } from "./engine-source.ts";
import { type Hold, holdWorld } from "./hold.ts";
import { imageReference } from "./image-contents.ts";
import { describeContents, Keeping } from "./keeping.ts";
import { type KeptWorld, listWorlds, mayDiscard, removeWorld } from "./kept-worlds.ts";
import type { WorldName } from "./labels.ts";
import { type NetworkKind, sandboxAddressesAt } from "./subnets.ts";
import { noteContainers } from "./use.ts";
import { DockerVm } from "./vm.ts";
import { type DockerOptions, DockerWorld } from "./world.ts";

const ROLES = ["pod", "app", "proxy", "client", "upstream"] as const satisfies readonly StationName[];
/** How long an agent that has nothing to do may take to answer. */
const ANSWER_TIMEOUT_MS = 5_000;
/** What else decides how a world is made than the options and the images; to be changed with `startWorld`. */
const MAKE = "1";

/**
 * Takes up a world that an earlier run has kept and that was made from the same: options, images (which hold the agent, Node and landfall's
 * version) and `reuse`. It is taken only if no other run has it, every container runs, every agent answers, and nothing is in its pod that
 * was not there when it was made; a world of which that is not so is removed. Where there is none, one is made, to be kept.
 * Throws `environment` with the engine's words.
 */
export async function openReusedWorld(options: DockerOptions, reuse: string): Promise<DockerWorld> {
  const engine = reachWhenAsked();
  const socket = findEngineSocket();
  const link = socket === null ? linkByLibrary(await engine()) : linkBySocket(socket);
  const madeFrom = nameIngredients(options, reuse);
  const worlds = await listWorlds(link, madeFrom).catch(async (error) => {
    await engine();
    throw engineFailed("list the worlds that earlier runs have kept", error);
  });
  for (const world of worlds) {
    const taken = await takeUp({ engine, link, options }, world, madeFrom);
    if (taken !== null) return taken;
  }
  return makeKept(engine, options, madeFrom);
}

function nameIngredients({ rights, envoyProgram }: DockerOptions, reuse: string): string {
  const pod = imageReference("pod");
  const proxy = envoyProgram === null ? pod : imageReference("envoy", { base: pod, envoyProgram });
  const ingredients = JSON.stringify([MAKE, pod, proxy, rights, reuse]);
  return createHash("sha256").update(ingredients).digest("hex").slice(0, 16);
}

/** What it takes to take up a world. */
interface Means {
  readonly engine: EngineSource;
  readonly link: EngineLink;
  readonly options: DockerOptions;
}

/** Gives null where the world is not to be had; one that is of no use to anybody is removed then. */
async function takeUp(means: Means, world: KeptWorld, madeFrom: string): Promise<DockerWorld | null> {
  if (world.pod === null) return null;
  const hold = await holdWorld(means.link, world.pod);
  if (hold === null) return null;
  const { id } = world;
  try {
    if (hold.was === null) throw new Error("its last run has not brought it to rest");
    return await attachWorld(means, world, hold, { id, madeFrom });
  } catch (error) {
    means.options.say(`the containers of an earlier run are not used: ${describeError(error)}`);
    if (mayDiscard(hold, world))
      await means
        .engine()
        .then((engine) => removeWorld(engine, id))
        .catch(() => []);
    await hold[Symbol.asyncDispose]();
    return null;
  }
}

async function attachWorld(
  { engine, link, options }: Means,
  { containers }: KeptWorld,
  hold: Hold,
  lifetime: WorldName,
): Promise<DockerWorld> {
  noteContainers();
  await using undo = new AsyncDisposableStack();
  const attach = async (role: string): Promise<CrewMember> => {
    const container = containers.get(role);
    if (container === undefined) throw new Error(`the container of ${role} does not run`);
    const attached = await attachAgent(link, container.Id);
    undo.defer(async () => attached.detach());
    const name = nameOf(container);
    return { id: container.Id, name, agent: new AgentClient(`the container ${name}`, attached) };
  };
  const vmContainer = containers.get("vm");
  // All are awaited to their end even if one fails: what has been attached must be on the stack before it unwinds.
  const attaching = [...ROLES.map(attach), ...(vmContainer ? [attach("vm")] : [])];
  await Promise.allSettled(attaching);
  const [pod, app, proxy, client, upstream, vm] = (await Promise.all(attaching)) as [...Five<CrewMember>, CrewMember?];
  const contents = await checkAtRest(pod, [app, proxy, client, upstream, ...(vm ? [vm] : [])]);
  if (contents !== hold.was) throw new Error("something in its pod has changed");
  const { place, macs } = readNetworks(containers.get("pod"));
  const addresses = sandboxAddressesAt(place);
  const common = { image: containers.get("pod")?.Image ?? "", run: currentRunId(), lifetime };
  const prefix = pod.name.replace(/-pod$/, "");
  const crew = undo.use(new DockerCrew(engine, { ...common, rights: options.rights, prefix }));
  const standing = vm ? { vm, vmMac: readNetworks(vmContainer).macs.vm ?? "", podMac: macs.vm ?? "" } : null;
  const plan = { engine, addresses, place, run: currentRunId(), crew, pod, lifetime };
  const started = {
    addresses,
    vm: new DockerVm(plan, standing),
    members: { pod, app, proxy, client, upstream },
  };
  const keeping = new Keeping({ engine, id: lifetime.id, hold, contents, madeBy: "earlier-run" });
  return new DockerWorld(engine, options, started, undo.move(), keeping);
}

type Five<T> = [T, T, T, T, T];

/** Has every agent answer and the kernel forget all connections it tracks in the pod; gives a word for what else is there. */
async function checkAtRest({ agent: pod }: CrewMember, others: readonly CrewMember[]): Promise<string> {
  const [contents] = await Promise.all([
    pod.call("read-contents", { namespace: null }, ANSWER_TIMEOUT_MS),
    pod.call("forget-connections", { namespace: null }, ANSWER_TIMEOUT_MS),
    ...others.map(({ agent }) => agent.call("sync", {}, ANSWER_TIMEOUT_MS)),
  ]);
  return describeContents(contents);
}

/** Gives a container's place in the pool of subnets, and its hardware addresses by the kind of network, from the networks it hangs on. */
function readNetworks(container: Docker.ContainerInfo | undefined) {
  const found = Object.entries(container?.NetworkSettings.Networks ?? {}).flatMap(([name, { MacAddress }]) => {
    const [, kind, place] = /^landfall-(pod|vm)-(\d+)$/.exec(name) ?? [];
    return kind === undefined ? [] : [{ kind: kind as NetworkKind, place: Number(place), MacAddress }];
  });
  const place = found[0]?.place;
  if (place === undefined) throw new Error("a container hangs on no network of landfall's");
  const macs: Partial<Record<NetworkKind, string>> = Object.fromEntries(
    found.map(({ kind, MacAddress }) => [kind, MacAddress]),
  );
  return { place, macs };
}

function nameOf({ Names: [name = ""] }: Docker.ContainerInfo): string {
  return name.replace(/^\//, "");
}

/** Makes a world that is to be kept; what is made of it is removed where that fails. */
async function makeKept(source: EngineSource, options: DockerOptions, madeFrom: string): Promise<DockerWorld> {
  const [engine, { startWorld }] = await Promise.all([source(), import("./start.ts")]);
  const id = randomBytes(4).toString("hex");
  try {
    const { started, life } = await startWorld(engine, options, {
      lifetime: { id, madeFrom },
      prefix: `landfall-kept-${id}`,
    });
    const { agent, id: podId } = started.members.pod;
    await agent.call("clear-all", { namespace: null, variant: "default" });
    const contents = describeContents(await agent.call("read-contents", { namespace: null }));
    const hold = await holdWorld(linkByLibrary(engine), podId);
    if (hold === null) throw engineFailed("keep the world", "another run has taken it up while it was made");
    const keeping = new Keeping({ engine: source, id, hold, contents, madeBy: "this-run" });
    return new DockerWorld(source, options, started, life, keeping);
  } catch (error) {
    await removeWorld(engine, id).catch(() => []);
    throw error;
  }
}
