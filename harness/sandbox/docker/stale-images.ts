import { existsSync } from "node:fs";
import type Docker from "dockerode";
import { findEnvoyPlace } from "../envoy/program.ts";
import { unlessGone } from "./engine-answers.ts";
import { imageReference } from "./image-contents.ts";
import { ROLE_LABEL } from "./labels.ts";

/** An image's tag that landfall no longer uses; `run` is null, since runs share images. */
export interface StaleImage {
  readonly kind: "image";
  readonly id: string;
  readonly name: string;
  readonly run: null;
}

/** A tag as `imageReference` gives it; what a person has tagged otherwise (`landfall/pod:compose`) is theirs. */
const OWN_TAG = /^landfall\/(pod|envoy|istio-iptables):[0-9a-f]{16}$/;

/** Says of an image's reference whether landfall as it runs now would use it. */
export function makeImageJudge(environment = process.env): (reference: string) => "current" | "stale" {
  const pod = imageReference("pod");
  const { program } = findEnvoyPlace(environment);
  const envoy = existsSync(program) ? imageReference("envoy", { base: pod, envoyProgram: program }) : null;
  const current = [pod, imageReference("istio-iptables"), envoy];
  // Which image an Envoy would make that is not here, nobody knows: it may be any of those there are.
  return (reference) =>
    current.includes(reference) || (envoy === null && reference.startsWith("landfall/envoy:")) ? "current" : "stale";
}

/**
 * Gives the image tags of landfall that `judge` calls stale, by name. Looked at is only what carries landfall's label and a tag of its
 * making; what a container uses, running or not, is none of them.
 */
export async function listStaleImages(
  engine: Docker,
  judge: (reference: string) => "current" | "stale",
): Promise<readonly StaleImage[]> {
  const used = new Set((await engine.listContainers({ all: true })).map(({ ImageID }) => ImageID));
  const images = await engine.listImages({ filters: { label: [ROLE_LABEL] } });
  return images
    .filter(({ Id }) => !used.has(Id))
    .flatMap(({ Id, RepoTags, Labels }) =>
      (RepoTags ?? [])
        .filter((tag) => OWN_TAG.exec(tag)?.[1] === Labels?.[ROLE_LABEL] && judge(tag) === "stale")
        .map((name): StaleImage => ({ kind: "image", id: Id, name, run: null })),
    )
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** Removes what {@link listStaleImages} gives, and gives what was removed. An image goes with its last tag. */
export async function removeStaleImages(
  engine: Docker,
  judge: (reference: string) => "current" | "stale",
): Promise<readonly StaleImage[]> {
  const removed: StaleImage[] = [];
  // One after the other, by name: the image envoy is made of the image pod, which goes only with the last that is made of it. The engine
  // refuses what a container has begun to use meanwhile.
  for (const image of await listStaleImages(engine, judge))
    if ((await unlessGone(engine.getImage(image.name).remove(), [404, 409])) !== null) removed.push(image);
  return removed;
}
