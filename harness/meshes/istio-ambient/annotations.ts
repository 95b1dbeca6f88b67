import { codedFinding, type Finding, finding } from "../../model/finding.ts";
import { findNearNames } from "../../model/near-names.ts";
import { isRecord } from "../../model/records.ts";
import type { MeshFile } from "../mesh.ts";
import { readYamlText } from "../yaml-text.ts";
import { AMBIENT_OPTIONS } from "./options.ts";

/** What a pod's manifest says of ambient mode. */
export interface PodAnnotations {
  /** Values by the setting's name. */
  readonly values: ReadonlyMap<string, { readonly name: string; readonly text: string }>;
  readonly findings: readonly Finding[];
  readonly warnings: readonly Finding[];
}

const READ = new Map(AMBIENT_OPTIONS.flatMap(({ annotation, setting }) => (annotation ? [[annotation, setting]] : [])));
/** Annotations of sidecars, which the agent does not read for a pod in ambient mode (cni/pkg/nodeagent/net.go). */
const OF_SIDECARS = "traffic.sidecar.istio.io/";

/**
 * Reads the annotations of a pod's manifest, YAML or JSON, as `kubectl get pod NAME -o yaml` prints it. Gives every finding: what is not a
 * pod, values that are not texts, names that are nearly those of an annotation. Warns of annotations that ambient mode does not read.
 */
export function readAnnotations({ path, text }: MeshFile): PodAnnotations {
  const refuse = (message: string): PodAnnotations => ({
    values: new Map(),
    findings: [finding(path, message)],
    warnings: [],
  });
  const read = readYamlText(text);
  if (!read.ok) return refuse(read.message);
  const pod = read.value;
  if (!isRecord(pod) || pod["kind"] !== "Pod") return refuse(`${describe(pod)} ${HOW_TO_GET_ONE}`);
  const metadata = pod["metadata"] ?? {};
  const annotations = isRecord(metadata) ? (metadata["annotations"] ?? {}) : metadata;
  if (!isRecord(annotations)) return refuse("metadata.annotations must be a map of names to strings.");
  const entries = Object.entries(annotations);
  return {
    values: new Map(
      entries.flatMap(([name, value]) => {
        const setting = READ.get(name);
        return setting === undefined || typeof value !== "string" ? [] : [[setting, { name, text: value }]];
      }),
    ),
    findings: entries.flatMap(([name, value]) => {
      const fault = faultOf(name, value);
      return fault === null ? [] : [finding(path, `${name}: ${fault}`)];
    }),
    warnings: entries
      .filter(([name]) => name.startsWith(OF_SIDECARS))
      .map(([name]) =>
        codedFinding("no-effect", path, `${name}: ambient mode does not read this annotation, so it changes no rules.`),
      ),
  };
}

const HOW_TO_GET_ONE = 'Give the pod\'s manifest as printed by "kubectl get pod NAME -o yaml".';

function describe(value: unknown): string {
  const kind = isRecord(value) ? value["kind"] : undefined;
  return typeof kind === "string" ? `This is a manifest of kind ${kind}, not Pod.` : "This is not a Pod's manifest.";
}

function faultOf(name: string, value: unknown): string | null {
  if (READ.has(name))
    return typeof value === "string" ? null : "An annotation's value must be a string; put it in quotes.";
  const near = findNearNames(name, [...READ.keys()]);
  return near.length === 0 ? null : `Istio has no such annotation; did you mean ${near.join(" or ")}?`;
}
