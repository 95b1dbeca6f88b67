import type Docker from "dockerode";
import { unlessGone, waitForRemoval } from "./engine-answers.ts";
import { RUN_LABEL } from "./labels.ts";

/** One thing that a run has made, by the engine's name for it. */
export interface Residue {
  readonly kind: "container" | "network";
  readonly id: string;
  readonly name: string;
  /** The id of the run that made it. */
  readonly run: string;
}

/** The same with its labels, and whether it runs: null for a network. */
export interface Labelled {
  readonly residue: Residue;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: "running" | "not-running" | null;
  /** When it was made, in seconds since 1970. */
  readonly created: number;
}

/** Gives all containers, running or not, that carry landfall's label. */
export async function findOwnContainers(engine: Docker): Promise<readonly Labelled[]> {
  const containers = await engine.listContainers({ all: true, filters: { label: [RUN_LABEL] } });
  return containers.map(({ Id, Names, Labels, State, Created }) => ({
    residue: {
      kind: "container",
      id: Id,
      name: Names[0]?.replace(/^\//, "") ?? Id,
      run: Labels[RUN_LABEL] ?? "",
    },
    labels: Labels,
    state: State === "running" ? "running" : "not-running",
    created: Created,
  }));
}

/** Gives all networks that carry landfall's label. */
export async function findOwnNetworks(engine: Docker): Promise<readonly Labelled[]> {
  const networks = await engine.listNetworks({ filters: { label: [RUN_LABEL] } });
  return networks.map(({ Id, Name, Labels = {}, Created }) => ({
    residue: { kind: "network", id: Id, name: Name, run: Labels[RUN_LABEL] ?? "" },
    labels: Labels,
    state: null,
    created: Date.parse(Created) / 1000,
  }));
}

/** Gives whether it was there to be removed. An engine that is already removing it answers 409: that is waited for. */
export async function removeContainer(engine: Docker, id: string): Promise<boolean> {
  const container = engine.getContainer(id);
  const removed = await unlessGone(container.remove({ force: true }), [404, 409]);
  if (removed === null) await waitForRemoval(container);
  return removed !== null;
}
