import { codedFinding, type Parsed } from "../model/finding.ts";
import { isRecord } from "../model/records.ts";
import type { ManifestPath } from "./manifest-pod.ts";

/** A pod, or a template of pods, in a file. */
export interface FoundPod {
  readonly name: string;
  readonly value: unknown;
  /** Which document of the file it is in, from 0, and where in it. */
  readonly document: number;
  readonly path: ManifestPath;
}

/** Where the pod stands in an object of each kind that describes pods; Rollout is Argo's, DeploymentConfig is OpenShift's. */
const POD_PATHS: Readonly<Record<string, readonly string[]>> = {
  Pod: [],
  PodTemplate: ["template"],
  Deployment: ["spec", "template"],
  StatefulSet: ["spec", "template"],
  DaemonSet: ["spec", "template"],
  ReplicaSet: ["spec", "template"],
  ReplicationController: ["spec", "template"],
  Job: ["spec", "template"],
  CronJob: ["spec", "jobTemplate", "spec", "template"],
  DeploymentConfig: ["spec", "template"],
  Rollout: ["spec", "template"],
};

const HOW_TO_GET_ONE = "Give the manifest of one pod, as kubectl get pod NAME -o yaml prints it.";
/** Names of objects that a message lists at most. */
const NAMES_AT_MOST = 5;

interface FoundObject {
  readonly kind: string;
  readonly name: string;
  readonly value: unknown;
  readonly document: number;
  readonly path: ManifestPath;
}

/** Finds the only pod, or template of pods, among a file's documents. Objects that describe no pods, such as Services, are passed over. */
export function findPods(documents: readonly unknown[], file: string): Parsed<FoundPod> {
  const refuse = (message: string): Parsed<FoundPod> => ({
    ok: false,
    findings: [codedFinding("malformed-text", file, `${message} ${HOW_TO_GET_ONE}`)],
  });
  const objects = documents.flatMap((value, document) => listObjects(value, document, []));
  const pods = objects.filter(({ kind }) => Object.hasOwn(POD_PATHS, kind));
  const [first, ...more] = pods;
  if (objects.length === 0) return refuse("This holds no object of Kubernetes.");
  if (first === undefined) return refuse(`This describes no pod, but ${nameAll(objects)}.`);
  if (more.length > 0) return refuse(`This describes more than one pod: ${nameAll(pods)}.`);
  const within = POD_PATHS[first.kind] ?? [];
  const value = within.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), first.value);
  if (!isRecord(value)) return refuse(`${describe(first)} has no ${within.join(".")}.`);
  const name = within.length === 0 ? describe(first) : `the pod template of ${describe(first)}`;
  return { ok: true, value: { name, value, document: first.document, path: [...first.path, ...within] } };
}

/** Lists hold objects; kubectl calls them List, the API PodList and the like. */
function listObjects(value: unknown, document: number, path: ManifestPath): readonly FoundObject[] {
  if (!isRecord(value) || typeof value["kind"] !== "string") return [];
  const { kind, items, metadata } = value;
  if (kind.endsWith("List") && Array.isArray(items))
    return items.flatMap((item, i) => listObjects(nameKind(item, kind), document, [...path, "items", i]));
  const name = isRecord(metadata) ? (metadata["name"] ?? metadata["generateName"]) : undefined;
  return [{ kind, name: typeof name === "string" ? name : "", value, document, path }];
}

/** The API leaves the kind of a PodList's items out. */
function nameKind(item: unknown, list: string): unknown {
  const kind = list.slice(0, -"List".length);
  return isRecord(item) && kind !== "" && item["kind"] === undefined ? { ...item, kind } : item;
}

function nameAll(objects: readonly FoundObject[]): string {
  const names = objects.slice(0, NAMES_AT_MOST).map(describe);
  const left = objects.length - names.length;
  return left > 0 ? `${names.join(", ")} and ${left} more` : names.join(", ");
}

function describe({ kind, name }: FoundObject): string {
  return name === "" ? `a ${kind} without a name` : `${kind} ${name}`;
}
