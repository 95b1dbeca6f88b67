import type { Evidence } from "./manifest.ts";
import type { ManifestContainer, PodManifest } from "./manifest-pod.ts";

/** Gives the first container, of those that start first or the others, with one of these names. */
export function findContainer(pod: PodManifest, names: readonly string[]): ManifestContainer | null {
  return [...pod.initContainers, ...pod.containers].find(({ name }) => names.includes(name)) ?? null;
}

/** Gives every container with one of these names as sure evidence. */
export function findContainers(pod: PodManifest, names: readonly string[]): readonly Evidence[] {
  const listed = [
    ...pod.initContainers.map((each) => [each, "the init container"] as const),
    ...pod.containers.map((each) => [each, "the container"] as const),
  ];
  return listed.flatMap(([{ name, path }, kind]): readonly Evidence[] =>
    names.includes(name) ? [{ says: `${kind} ${name}`, path, strength: "sure" }] : [],
  );
}

/** Gives labels and annotations of a name with one of these values. */
export function findMarks(
  pod: PodManifest,
  name: string,
  values: readonly string[],
  strength: Evidence["strength"],
): readonly Evidence[] {
  const places = [
    ["label", "labels", pod.labels.get(name)],
    ["annotation", "annotations", pod.annotations.get(name)],
  ] as const;
  return places.flatMap(([kind, field, value]): readonly Evidence[] =>
    value !== undefined && values.includes(value)
      ? [{ says: `the ${kind} ${name}: ${value}`, path: ["metadata", field, name], strength }]
      : [],
  );
}

/** Gives annotations of these names as hints. */
export function findHints(pod: PodManifest, names: readonly string[]): readonly Evidence[] {
  return names.flatMap((name): readonly Evidence[] =>
    pod.annotations.has(name)
      ? [{ says: `the annotation ${name}`, path: ["metadata", "annotations", name], strength: "hint" }]
      : [],
  );
}

/** Says which release an image is of: `docker.io/istio/proxyv2:1.4.10` is of 1.4. Null where its tag does not say. */
export function readRelease(image: string): { readonly major: number; readonly minor: number } | null {
  const tag = image.split("@")[0]?.split("/").at(-1)?.split(":")[1] ?? "";
  const [, major, minor] = /^v?(\d+)\.(\d+)(?:\D|$)/.exec(tag) ?? [];
  return major === undefined || minor === undefined ? null : { major: Number(major), minor: Number(minor) };
}
