import type Docker from "dockerode";
import { stateOfRun } from "../run-id.ts";
import { type EngineLink, linkByLibrary } from "./engine-link.ts";
import { type Hold, holdWorld } from "./hold.ts";
import { MADE_FROM_LABEL, ROLE_LABEL, RUN_LABEL, WORLD_LABEL } from "./labels.ts";
import { removeNetwork } from "./network.ts";
import { findOwnContainers, findOwnNetworks, type Labelled, type Residue, removeContainer } from "./residue.ts";

/** Kept worlds that may be there at the same time; each has five containers, and an agent of some 50 MB in each. */
const WORLDS_AT_MOST = 4;
/** How long the making of a world may take, the download of an image's packages among it. */
const MAKING_AT_MOST_S = 3600;

/** A kept world, as far as it takes to remove it. */
interface KeptWorldName {
  readonly id: string;
  /** The run that made it. */
  readonly run: string;
  /** When the first of it was made, in seconds since 1970. */
  readonly created: number;
  /** The engine's id of its pod's container; null where that does not run. */
  readonly pod: string | null;
}

/** A kept world as the engine lists it. */
export interface KeptWorld extends KeptWorldName {
  /** Its running containers by role. */
  readonly containers: ReadonlyMap<string, Docker.ContainerInfo>;
}

/** Gives the kept worlds with running containers, those made from `madeFrom` alone where that is named; the newest first. */
export async function listWorlds(
  link: Pick<EngineLink, "listRunning">,
  madeFrom?: string,
): Promise<readonly KeptWorld[]> {
  const label = madeFrom === undefined ? WORLD_LABEL : `${MADE_FROM_LABEL}=${madeFrom}`;
  const containers = await link.listRunning(label);
  const byWorld = Map.groupBy(containers, ({ Labels }) => Labels[WORLD_LABEL] ?? "");
  const worlds = [...byWorld].map(([id, own]): KeptWorld => {
    const byRole = new Map(own.map((container) => [container.Labels[ROLE_LABEL] ?? "", container]));
    const created = Math.min(...own.map(({ Created }) => Created));
    const run = own[0]?.Labels[RUN_LABEL] ?? "";
    return { id, run, created, pod: byRole.get("pod")?.Id ?? null, containers: byRole };
  });
  return worlds.toSorted((a, b) => b.created - a.created);
}

/**
 * Says whether a world may go that is held, or whose pod does not run, so that nobody can hold it: it is at rest, or the run that made it
 * is over. Else that run, which may be another machine's to know, is still making it; an hour is more than that takes.
 */
export function mayDiscard(
  hold: Pick<Hold, "was"> | null,
  { run, created }: Pick<KeptWorldName, "run" | "created">,
): boolean {
  const isOld = Date.now() / 1000 - created > MAKING_AT_MOST_S;
  return (hold?.was ?? null) !== null || stateOfRun(run) === "dead" || isOld;
}

/** Removes a kept world that no run uses, and gives what was removed; null where some run has it. */
async function discardWorld(engine: Docker, world: KeptWorldName): Promise<readonly Residue[] | null> {
  const { id, pod } = world;
  const hold = pod === null ? null : await holdWorld(linkByLibrary(engine), pod);
  if (pod !== null && hold === null) return null;
  await using _ = hold;
  return mayDiscard(hold, world) ? removeWorld(engine, id) : null;
}

/** Removes the containers and networks of a world, in whatever state they are, and gives them. */
export async function removeWorld(engine: Docker, id: string): Promise<readonly Residue[]> {
  const own = ({ labels }: Labelled) => labels[WORLD_LABEL] === id;
  const containers = (await findOwnContainers(engine)).filter(own).map(({ residue }) => residue);
  await Promise.all(containers.map((container) => removeContainer(engine, container.id)));
  const networks = (await findOwnNetworks(engine)).filter(own).map(({ residue }) => residue);
  await Promise.all(networks.map((network) => removeNetwork(engine, network.id)));
  return [...containers, ...networks];
}

/** Removes the oldest kept worlds that no run uses, so that four are left at most. */
export async function limitWorlds(engine: Docker): Promise<void> {
  for (const world of (await listWorlds(linkByLibrary(engine))).slice(WORLDS_AT_MOST))
    await discardWorld(engine, world);
}

/**
 * Removes every kept world that no run uses, whole or not; with `runs`, those that these runs made alone. Gives what was removed, and how
 * many worlds stay since some run uses them.
 */
export async function sweepWorlds(
  engine: Docker,
  runs?: readonly string[],
): Promise<{ readonly removed: readonly Residue[]; readonly inUse: number }> {
  const found = [...(await findOwnContainers(engine)), ...(await findOwnNetworks(engine))];
  const worlds = Map.groupBy(
    found.filter(({ labels, residue }) => WORLD_LABEL in labels && (runs?.includes(residue.run) ?? true)),
    ({ labels }) => labels[WORLD_LABEL] ?? "",
  );
  const outcomes = await Promise.all(
    [...worlds].map(([id, own]) => {
      const pod = own.find(({ labels, state }) => labels[ROLE_LABEL] === "pod" && state === "running");
      const created = Math.min(...own.map((one) => one.created));
      return discardWorld(engine, { id, run: own[0]?.residue.run ?? "", created, pod: pod?.residue.id ?? null });
    }),
  );
  return {
    removed: outcomes.flatMap((removed) => removed ?? []),
    inUse: outcomes.filter((removed) => removed === null).length,
  };
}
