import { codedFinding, type Parsed } from "../model/finding.ts";
import type { Evidence } from "./manifest.ts";
import type { PodManifest } from "./manifest-pod.ts";
import { MESHES, type NamedMesh } from "./meshes.ts";

/** The mesh that a manifest names, and by what. */
export interface ManifestMesh {
  readonly mesh: NamedMesh;
  /** Empty where only the command line names the mesh. */
  readonly evidence: readonly Evidence[];
}

interface Named extends ManifestMesh {
  readonly isSure: boolean;
}

/**
 * Finds the mesh that a pod is in. `asked` is the one that `--mesh` names, or null: it decides where the manifest says nothing for sure.
 * Gives a finding where the manifest names no known mesh, two of them, or another one than `--mesh`.
 */
export function findManifestMesh(pod: PodManifest, asked: NamedMesh | null): Parsed<ManifestMesh> {
  const named = MESHES.flatMap((mesh): readonly Named[] => {
    const evidence = mesh.manifest?.findEvidence(pod) ?? [];
    return evidence.length === 0
      ? []
      : [{ mesh, evidence, isSure: evidence.some(({ strength }) => strength === "sure") }];
  });
  const sure = named.filter(({ isSure }) => isSure);
  const candidates = sure.length > 0 ? sure : named;
  const [first, second] = candidates;
  const refuse = (
    code: "conflict" | "unknown-name",
    message: string,
    at: Evidence | undefined,
  ): Parsed<ManifestMesh> => ({
    ok: false,
    findings: [codedFinding(code, pod.file, message, at === undefined ? null : pod.lineOf(at.path))],
  });
  if (asked !== null && asked.manifest === undefined)
    return refuse(
      "conflict",
      `Pods say nothing of ${asked.name} in their manifests; give its options instead.`,
      undefined,
    );
  if (asked !== null && sure.length === 0)
    return { ok: true, value: { mesh: asked, evidence: named.find(({ mesh }) => mesh === asked)?.evidence ?? [] } };
  if (first === undefined) return refuse("unknown-name", describeNone(pod), undefined);
  if (second !== undefined)
    return refuse(
      "conflict",
      `${pod.name} is in more than one mesh: ${candidates.map((each) => tellEvidence(each, pod)).join("; ")}. Rules of one mesh are looked at; remove what belongs to the other.`,
      second.evidence[0],
    );
  if (asked !== null && asked !== first.mesh)
    return refuse(
      "conflict",
      `--mesh names ${asked.name}, and the manifest another mesh: ${tellEvidence(first, pod)}. Leave --mesh out.`,
      first.evidence[0],
    );
  return { ok: true, value: first };
}

function describeNone(pod: PodManifest): string {
  const names = MESHES.filter(({ manifest }) => manifest !== undefined).map(({ name }) => name);
  return `${pod.name} names no known mesh: no container, label or annotation of ${names.join(", ")}. Give the manifest of a pod that is in one, or --mesh NAME with it.`;
}

/** `linkerd by the init container linkerd-init (line 12)`. */
function tellEvidence({ mesh, evidence }: ManifestMesh, pod: PodManifest): string {
  const [first] = evidence;
  if (first === undefined) return mesh.name;
  const line = pod.lineOf(first.path);
  return `${mesh.name} by ${first.says}${line === null ? "" : ` (line ${line})`}`;
}
