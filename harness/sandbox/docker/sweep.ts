import type Docker from "dockerode";
import { stateOfRun } from "../run-id.ts";
import { unlessGone, waitForRemoval } from "./engine.ts";
import { KEEP_LABEL, RUN_LABEL } from "./labels.ts";
import { removeNetwork } from "./network.ts";

/** One thing that a dead run had left, by the engine's name for it. */
export interface Residue {
  readonly kind: "container" | "network";
  readonly id: string;
  readonly name: string;
  /** The id of the run that made it. */
  readonly run: string;
}

/** What is swept: `dead` leaves alone what a person asked to keep; `dead-and-kept` takes that too, once its run is over. */
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
  const containers = (await findContainers(engine)).filter(isMeant);
  const networks = (await findNetworks(engine)).filter(isMeant);
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
  const containers = (await findContainers(engine)).filter(isMeant);
  await Promise.all(containers.map(({ residue }) => removeContainer(engine, residue.id)));
  const networks = (await findNetworks(engine)).filter(isMeant);
  await Promise.all(networks.map(({ residue }) => removeNetwork(engine, residue.id)));
  return containers.length + networks.length;
}

interface Labelled {
  readonly residue: Residue;
  readonly labels: Readonly<Record<string, string>>;
}

function isDead(labels: Readonly<Record<string, string>>, scope: SweepScope): boolean {
  if (KEEP_LABEL in labels && scope === "dead") return false;
  return stateOfRun(labels[RUN_LABEL] ?? "") === "dead";
}

async function findContainers(engine: Docker): Promise<readonly Labelled[]> {
  const containers = await engine.listContainers({ all: true, filters: { label: [RUN_LABEL] } });
  return containers.map(({ Id, Names, Labels }) => {
    const name = Names[0]?.replace(/^\//, "") ?? Id;
    return { residue: { kind: "container", id: Id, name, run: Labels[RUN_LABEL] ?? "" }, labels: Labels };
  });
}

async function findNetworks(engine: Docker): Promise<readonly Labelled[]> {
  const networks = await engine.listNetworks({ filters: { label: [RUN_LABEL] } });
  return networks.map(({ Id, Name, Labels = {} }) => ({
    residue: { kind: "network", id: Id, name: Name, run: Labels[RUN_LABEL] ?? "" },
    labels: Labels,
  }));
}

/** Gives whether it was there to be removed. An engine that is already removing it answers 409: that is waited for. */
async function removeContainer(engine: Docker, id: string): Promise<boolean> {
  const container = engine.getContainer(id);
  const removed = await unlessGone(container.remove({ force: true }), [404, 409]);
  if (removed === null) await waitForRemoval(container);
  return removed !== null;
}
