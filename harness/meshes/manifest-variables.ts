import { codedFinding, type Finding } from "../model/finding.ts";
import type { ManifestSource } from "./manifest.ts";
import type { ManifestContainer, PodManifest } from "./manifest-pod.ts";

/** The variables of a container that mean something to a mesh's own tool. */
export interface ToolVariables {
  readonly environment: Readonly<Record<string, string>>;
  readonly sources: readonly ManifestSource[];
  /** Variables of which nobody knows the value: nobody knows the rules then. */
  readonly findings: readonly Finding[];
}

/** Kubernetes puts the value of an earlier variable there; `$$(NAME)` stands for the text itself (EnvVar in the API reference). */
const REFERENCE = /(?<!\$)(?:\$\$)*\$\([^)]*\)/;

/**
 * Reads those of a container's variables that have one of these names. A value that is not in the manifest is a finding: one from elsewhere
 * (`valueFrom`), one made of another variable (`$(NAME)`), or one of a whole ConfigMap or Secret (`envFrom`).
 */
export function readToolVariables(
  pod: PodManifest,
  container: ManifestContainer | null,
  names: readonly string[],
): ToolVariables {
  if (container === null || names.length === 0) return { environment: {}, sources: [], findings: [] };
  const own = [...container.env].flatMap(([name, value], i) => (names.includes(name) ? [{ name, value, i }] : []));
  const known = own.flatMap(({ name, value, i }) => (value === null ? [] : [{ name, value, i }]));
  return {
    environment: Object.fromEntries(known.map(({ name, value }) => [name, value])),
    sources: known.map(({ name, value, i }) => ({
      says: `variable ${name}=${value} of the container ${container.name}`,
      path: [...container.path, "env", i],
    })),
    findings: [...own.flatMap((variable) => findUnknown(pod, container, variable)), ...findHidden(pod, container)],
  };
}

function findUnknown(
  pod: PodManifest,
  { name: called, path }: ManifestContainer,
  { name, value, i }: { readonly name: string; readonly value: string | null; readonly i: number },
): readonly Finding[] {
  const why =
    value === null
      ? "its value is not in this manifest (valueFrom)"
      : REFERENCE.test(value)
        ? `its value "${value}" is made of another variable's`
        : null;
  if (why === null) return [];
  const message = `The variable ${name} of ${called} decides about rules, and ${why}; write the value.`;
  return [codedFinding("missing-value", pod.file, message, pod.lineOf([...path, "env", i]))];
}

function findHidden(pod: PodManifest, { name, path, envFrom }: ManifestContainer): readonly Finding[] {
  if (envFrom === "none") return [];
  const message = `The container ${name} takes variables from a ConfigMap or a Secret (envFrom), which is not in this manifest; write those that decide about rules under env, and leave envFrom out.`;
  return [codedFinding("missing-value", pod.file, message, pod.lineOf([...path, "envFrom"]))];
}
