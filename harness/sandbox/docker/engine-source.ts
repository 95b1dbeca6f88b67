import type Docker from "dockerode";

/** Gives an engine's client, which takes a fifth of a second to load and which not every run needs; the same one every time. */
export type EngineSource = () => Promise<Docker>;

/** Gives a source that connects when it is first asked. Asking throws `environment` with the engine's words where no engine answers. */
export function reachWhenAsked(): EngineSource {
  let engine: Promise<Docker> | null = null;
  return () => {
    engine ??= import("./engine.ts").then(({ reachEngine }) => reachEngine());
    return engine;
  };
}
