import type Docker from "dockerode";
import { stateOfRun } from "../run-id.ts";
import { KEEP_LABEL, RUN_LABEL, WORLD_LABEL } from "./labels.ts";
import { removeNetwork } from "./network.ts";
import { findOwnContainers, findOwnNetworks, type Labelled, type Residue, removeContainer } from "./residue.ts";

/**
 * What is swept: `dead` leaves alone what a person asked to keep; `dead-and-kept` takes that too, once its run is over. Worlds that are
 * kept for later runs are in neither: they may be in use whoever made them (`sweepWorlds`).
 */
export type SweepScope = "dead" | "dead-and-kept";

/**
 * Removes the containers and networks that dead runs left, and gives them; with `runs`, those of these run ids alone. Only what carries
 * landfall's labels is looked at, and only runs that are known to be dead count: a run that lives, or of which this machine cannot tell,
 * keeps everything. What is gone meanwhile counts as removed by whoever did it.
 */
export async function sweepEngine(
  engine: Docker,
  scope: SweepScope,
  runs?: readonly string[],
): Promise<readonly Residue[]> {
  const isMeant = ({ residue, labels }: Labelled) => isDead(labels, scope) && (runs?.includes(residue.run) ?? true);
  const containers = (await findOwnContainers(engine)).filter(isMeant);
  const networks = (await findOwnNetworks(engine)).filter(isMeant);
  const removedContainers = await Promise.all(
    containers.map(async ({ residue }) => ((await removeContainer(engine, residue.id)) ? [residue] : [])),
  );
  const removedNetworks = await Promise.all(
    networks.map(async ({ residue }) => ((await removeNetwork(engine, residue.id)) ? [residue] : [])),
  );
  return [...removedContainers.flat(), ...removedNetworks.flat()];
}

/**
 * Removes every container and network that a run has made, whether it lives or not, but for what is to be kept; gives how many there were.
 * A network on which something still hangs stays for the next time.
 */
export async function removeRun(engine: Docker, run: string): Promise<number> {
  const isMeant = ({ residue, labels }: Labelled) => residue.run === run && !(KEEP_LABEL in labels);
  const containers = (await findOwnContainers(engine)).filter(isMeant);
  await Promise.all(containers.map(({ residue }) => removeContainer(engine, residue.id)));
  const networks = (await findOwnNetworks(engine)).filter(isMeant);
  await Promise.all(networks.map(({ residue }) => removeNetwork(engine, residue.id)));
  return containers.length + networks.length;
}

function isDead(labels: Readonly<Record<string, string>>, scope: SweepScope): boolean {
  if (WORLD_LABEL in labels || (KEEP_LABEL in labels && scope === "dead")) return false;
  return stateOfRun(labels[RUN_LABEL] ?? "") === "dead";
}
