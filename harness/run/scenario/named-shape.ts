import { defaultMesh, findMesh, type NamedMesh } from "../../meshes/meshes.ts";
import { cutOptionWords } from "../../meshes/option-words.ts";
import { NO_LOOKUPS } from "../../model/name-lookups.ts";
import { DEFAULT_ADDRESSES } from "../../model/pod.ts";
import { BARE_SHAPE, type PodShape } from "../../model/pod-shape.ts";

/** Gives the mesh that a scenario names, the default one where it names none; null where there is none of that name. */
export function meshNamed(name: unknown): NamedMesh | null {
  return name === undefined ? defaultMesh() : findMesh(String(name));
}

/**
 * Gives the pod whose names stand in the flows of a scenario whose own settings cannot be read: that of the mesh's injector, so that what
 * is wrong with the flows is told as well.
 */
export function usualShape(mesh: NamedMesh | null): PodShape {
  const pod = { addresses: [DEFAULT_ADDRESSES.pod[4]], own: DEFAULT_ADDRESSES.pod, resolvers: [] };
  if (mesh === null) return BARE_SHAPE;
  const { words, config } = mesh.injected;
  const tokens = cutOptionWords(words, mesh.options);
  const bound = mesh.bind({ tokens, config, environment: {}, files: [], names: NO_LOOKUPS, pod }, DEFAULT_ADDRESSES);
  return bound.ok ? bound.value.capture.shape : BARE_SHAPE;
}
