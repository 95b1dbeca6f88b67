/** The label of every container and network that a run has made; its value is the run's id. */
export const RUN_LABEL = "landfall.run";
/** The label that says what a container, network or image is for: `pod`, `client`, `network-pod`. */
export const ROLE_LABEL = "landfall.role";
/** The label of what is to outlive its run, since a person asked for it (`--keep`, `--reuse`). */
export const KEEP_LABEL = "landfall.keep";
/** The label of what belongs to a kept world; its value is the world's id. */
export const WORLD_LABEL = "landfall.world";
/** The label that says what a kept world was made from; its value is {@link WorldName.madeFrom}. */
export const MADE_FROM_LABEL = "landfall.made-from";

/** A world that a later run may take up: its own id, and a hash of everything that it was made from, which other worlds may share. */
export interface WorldName {
  readonly id: string;
  readonly madeFrom: string;
}

/** `run`: gone with the process that made it. `kept`: outlives it, for a person to look at. A name: outlives it, for a later run. */
export type Lifetime = "run" | "kept" | WorldName;

/** Gives the labels of a container or network. */
export function makeLabels(run: string, role: string, lifetime: Lifetime): Record<string, string> {
  const own = { [RUN_LABEL]: run, [ROLE_LABEL]: role };
  if (lifetime === "run") return own;
  if (lifetime === "kept") return { ...own, [KEEP_LABEL]: "1" };
  return { ...own, [KEEP_LABEL]: "1", [WORLD_LABEL]: lifetime.id, [MADE_FROM_LABEL]: lifetime.madeFrom };
}
