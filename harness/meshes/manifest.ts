import type { Finding } from "../model/finding.ts";
import type { ManifestPath, PodManifest } from "./manifest-pod.ts";
import type { WordToken } from "./word-tokens.ts";

/** An annotation of pods that decides about a mesh's rules. */
export interface MeshAnnotation {
  /** `traffic.sidecar.istio.io/includeInboundPorts`. */
  readonly name: string;
  /** The setting of one of the mesh's options; null where it changes several, or stands for the whole of them. */
  readonly setting: string | null;
  /** What it does, for the documents: one line. */
  readonly help: string;
}

/** Something in a manifest that shows which mesh a pod is in. */
export interface Evidence {
  /** `the init container linkerd-init`. */
  readonly says: string;
  readonly path: ManifestPath;
  /** `sure`: no other mesh has it. `hint`: it counts only where nothing is sure. */
  readonly strength: "sure" | "hint";
}

/** One thing that was read, and where it stands. */
export interface ManifestSource {
  readonly says: string;
  /** Where in the pod; null for what no place in the manifest gives. */
  readonly path: ManifestPath | null;
}

/** What a manifest says of a mesh's settings, as an input that leads to them, with what was read from where. */
export interface ManifestSettings {
  readonly tokens: readonly WordToken[];
  readonly config: { readonly path: string; readonly text: string } | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly sources: readonly ManifestSource[];
}

/** The settings of a manifest, and every finding, contradictions among them. */
export interface ManifestReading {
  readonly findings: readonly Finding[];
  /** Those that count in the cluster, so that they can be looked at in spite of a contradiction; null where they cannot be told. */
  readonly settings: ManifestSettings | null;
}

/** Reads a mesh's settings from the manifests of its pods. */
export interface ManifestReader {
  /** Every annotation that decides about rules, in the order of the documents. */
  readonly annotations: readonly MeshAnnotation[];
  /** The names of the container in which the proxy runs; none where the pod has no proxy of its own. */
  readonly proxyContainers: readonly string[];
  /** Gives everything that shows that a pod is in this mesh; nothing where it is not, or was taken out of it. */
  findEvidence(pod: PodManifest): readonly Evidence[];
  read(pod: PodManifest): ManifestReading;
}
