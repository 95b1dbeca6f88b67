import { annotationPath } from "../annotated-words.ts";
import type { ManifestReader, ManifestReading, MeshAnnotation } from "../manifest.ts";
import { findHints, findMarks } from "../manifest-evidence.ts";
import type { PodManifest } from "../manifest-pod.ts";
import { cutOptionWords } from "../option-words.ts";
import { readAnnotations } from "./annotations.ts";
import { AMBIENT_OPTIONS } from "./options.ts";

/** What Istio's Helm chart tells the node agent. */
export const INJECTED_WORDS: readonly string[] = ["--ambient-dns-capture", "--ambient-ipv6"];

const MODE = "istio.io/dataplane-mode";
/** The node agent writes `enabled` here; a user who writes `disabled` takes the pod out (cni/pkg/util/podutil.go). */
const REDIRECTION = "ambient.istio.io/redirection";

/** Annotations of pods that the node agent reads (cni/pkg/nodeagent/net.go). */
const ANNOTATIONS: readonly MeshAnnotation[] = AMBIENT_OPTIONS.flatMap(({ annotation, setting, help }) =>
  annotation === null ? [] : [{ name: annotation, setting, help }],
);

/** Reads what the manifest of a pod in ambient mode says; the node agent's own variables are in no pod's manifest. */
export const AMBIENT_MANIFEST: ManifestReader = {
  annotations: ANNOTATIONS,
  proxyContainers: [],
  findEvidence: (pod) => {
    const isOff = pod.labels.get(MODE) === "none" || pod.annotations.get(REDIRECTION) === "disabled";
    if (isOff) return [];
    return [
      ...findMarks(pod, MODE, ["ambient"], "sure"),
      ...findMarks(pod, REDIRECTION, ["enabled"], "sure"),
      ...findHints(
        pod,
        ANNOTATIONS.flatMap(({ name }) => (name.startsWith("ambient.") ? name : [])),
      ),
    ];
  },
  read: readManifest,
};

function readManifest(pod: PodManifest): ManifestReading {
  const metadata = { annotations: Object.fromEntries(pod.annotations) };
  const config = { path: pod.file, text: JSON.stringify({ kind: "Pod", metadata }) };
  const { findings } = readAnnotations(config);
  // The annotations are read once more with the settings: what is wrong with them is told once.
  if (findings.length > 0) return { findings, settings: null };
  const given = ANNOTATIONS.flatMap(({ name }) => {
    const text = pod.annotations.get(name);
    return text === undefined ? [] : [{ says: `annotation ${name}: ${text}`, path: annotationPath(name) }];
  });
  const first = {
    says: `what Istio's chart tells the node agent, which no pod's manifest shows: ${INJECTED_WORDS.join(" ")}`,
    path: null,
  };
  return {
    findings,
    settings: {
      tokens: cutOptionWords(INJECTED_WORDS, AMBIENT_OPTIONS),
      config,
      environment: {},
      sources: [first, ...given],
    },
  };
}
