import { codedFinding, type Finding } from "../model/finding.ts";
import type { IdRange, OwnerPattern, PodShape } from "../model/pod-shape.ts";
import { findContainer } from "./manifest-evidence.ts";
import type { ManifestContainer, PodManifest } from "./manifest-pod.ts";

/**
 * Says where a pod's proxy runs as somebody whose traffic the settings do not leave alone: whatever it dials would come back to it. Null
 * where it fits, and where the manifest does not say enough: the image may name the uid or gid that is not there.
 */
export function findOtherOwner(
  pod: PodManifest,
  containers: readonly string[],
  { proxies: [proxy] }: Pick<PodShape, "proxies">,
): Finding | null {
  const container = findContainer(pod, containers);
  if (container === null || proxy === undefined || proxy.owners.length === 0) return null;
  const { name, path, runAsUser, runAsGroup } = container;
  if (proxy.owners.some((owner) => mayFit(owner, container))) return null;
  const ids = [`uid ${runAsUser ?? "of its image"}`, ...(runAsGroup === null ? [] : [`gid ${runAsGroup}`])];
  const message = `The container ${name} runs as ${ids.join(" and ")}, and the settings leave the traffic of ${proxy.owners.map(describe).join(" and ")} alone: what the proxy dials would come back to it. Give a manifest in which the two agree.`;
  return codedFinding("conflict", pod.file, message, pod.lineOf([...path, "securityContext"]));
}

function mayFit({ uid, gid }: OwnerPattern, { runAsUser, runAsGroup }: ManifestContainer): boolean {
  const isIn = (range: IdRange | null, id: number | null) =>
    range === null || id === null || (range.first <= id && id <= range.last);
  return isIn(uid, runAsUser) && isIn(gid, runAsGroup);
}

function describe({ uid, gid }: OwnerPattern): string {
  const part = (word: string, range: IdRange | null) =>
    range === null ? [] : [`${word} ${range.first === range.last ? range.first : `${range.first}-${range.last}`}`];
  return [...part("uid", uid), ...part("gid", gid)].join(" with ");
}
