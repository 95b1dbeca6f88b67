/** The label of every container and network that a run has made; its value is the run's id. */
export const RUN_LABEL = "landfall.run";
/** The label that says what a container, network or image is for: `pod`, `client`, `network-pod`. */
export const ROLE_LABEL = "landfall.role";
/** The label of what is to outlive its run, since a person asked for it (`--keep`). */
export const KEEP_LABEL = "landfall.keep";

/** `run`: gone with the process that made it. `kept`: outlives it, for a person to look at. */
export type Lifetime = "run" | "kept";

/** Gives the labels of a container or network. */
export function makeLabels(run: string, role: string, lifetime: Lifetime): Record<string, string> {
  return { [RUN_LABEL]: run, [ROLE_LABEL]: role, ...(lifetime === "kept" ? { [KEEP_LABEL]: "1" } : {}) };
}
