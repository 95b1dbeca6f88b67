import { isNode, LineCounter, parseAllDocuments } from "yaml";
import { codedFinding, type Parsed } from "../model/finding.ts";
import { type Fields, makeFields } from "./manifest-fields.ts";
import { type FoundPod, findPods } from "./manifest-kinds.ts";
import type { MeshFile } from "./mesh.ts";

/** Where something stands in a pod: `["spec", "initContainers", 0, "args"]`. */
export type ManifestPath = readonly (string | number)[];

/** A container of a pod, as far as meshes ask about it. */
export interface ManifestContainer {
  readonly name: string;
  readonly image: string;
  readonly args: readonly string[];
  /** Null where a variable's value comes from elsewhere (`valueFrom`), and is not in the manifest. */
  readonly env: ReadonlyMap<string, string | null>;
  readonly runAsUser: number | null;
  readonly runAsGroup: number | null;
  readonly path: ManifestPath;
}

/** A pod as its manifest describes it. */
export interface PodManifest {
  /** The file's name, as the user gave it. */
  readonly file: string;
  /** `Pod web-1`, `the pod template of Deployment web`. */
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly annotations: ReadonlyMap<string, string>;
  readonly initContainers: readonly ManifestContainer[];
  readonly containers: readonly ManifestContainer[];
  /** The pod's addresses as its status lists them, in order; none of a pod that does not run. */
  readonly addresses: readonly string[];
  /** The name servers that the pod's own dnsConfig names. */
  readonly nameservers: readonly string[];
  /** Whether the cluster's own name server is left out: dnsPolicy None. */
  readonly dnsPolicy: "cluster" | "none";
  /** Gives the line of a place in the pod, from 1; null where it is not known. */
  readonly lineOf: (path: ManifestPath) => number | null;
}

/**
 * Reads a pod's manifest, YAML or JSON, as `kubectl get pod NAME -o yaml` prints it; of a List, or of several documents, the only object
 * that describes pods; of a Deployment and the like its template. Gives every finding with its line.
 */
export function parsePodManifest({ path: file, text }: MeshFile): Parsed<PodManifest> {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const documents = Array.isArray(parsed) ? [...parsed] : [];
  const errors = documents.flatMap((document) => document.errors);
  if (errors.length > 0) {
    const findings = errors.map(({ message, pos: [offset] }) => {
      const { line, col } = lines.linePos(offset);
      return codedFinding("malformed-text", file, `This is neither JSON nor YAML: ${message}`, line, col);
    });
    return { ok: false, findings };
  }
  const values = readValues(documents);
  if (values instanceof Error)
    return { ok: false, findings: [codedFinding("malformed-text", file, `This cannot be read: ${values.message}.`)] };
  const found = findPods(values, file);
  if (!found.ok) return found;
  const { document, path: root, ...pod } = found.value;
  const lineOf = (path: ManifestPath): number | null => {
    for (let length = path.length; length >= 0; length--) {
      const node = documents[document]?.getIn([...root, ...path.slice(0, length)], true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return null;
  };
  return readPod({ ...pod, document, path: root }, file, lineOf);
}

function readValues(documents: readonly { toJS(): unknown }[]): readonly unknown[] | Error {
  try {
    return documents.map((document) => document.toJS());
  } catch (fault) {
    return fault instanceof Error ? fault : new Error(String(fault));
  }
}

function readPod({ name, value }: FoundPod, file: string, lineOf: PodManifest["lineOf"]): Parsed<PodManifest> {
  const fields = makeFields(file, lineOf);
  const pod = fields.record(value, []);
  const metadata = fields.record(pod["metadata"], ["metadata"]);
  const spec = fields.record(pod["spec"], ["spec"]);
  const status = fields.record(pod["status"], ["status"]);
  const dns = fields.record(spec["dnsConfig"], ["spec", "dnsConfig"]);
  const containers = (field: string) =>
    fields
      .list(spec[field], ["spec", field])
      .map((each, i) => readContainer(fields, fields.record(each, ["spec", field, i]), ["spec", field, i]));
  if (spec["hostNetwork"] === true)
    fields.refuse(["spec", "hostNetwork"], "The pod has the node's own network, in which no mesh makes rules for it.");
  const manifest: PodManifest = {
    file,
    name,
    labels: fields.map(metadata["labels"], ["metadata", "labels"]),
    annotations: fields.map(metadata["annotations"], ["metadata", "annotations"]),
    initContainers: containers("initContainers"),
    containers: containers("containers"),
    addresses: readAddresses(fields, status),
    nameservers: fields.texts(dns["nameservers"], ["spec", "dnsConfig", "nameservers"]),
    dnsPolicy: spec["dnsPolicy"] === "None" ? "none" : "cluster",
    lineOf,
  };
  return fields.findings.length > 0 ? { ok: false, findings: fields.findings } : { ok: true, value: manifest };
}

function readAddresses(fields: Fields, status: Readonly<Record<string, unknown>>): readonly string[] {
  const listed = fields.list(status["podIPs"], ["status", "podIPs"]).map((each, i) => {
    const path = ["status", "podIPs", i];
    return fields.text(fields.record(each, path)["ip"], [...path, "ip"]);
  });
  const single = fields.text(status["podIP"], ["status", "podIP"]);
  return listed.length > 0 || single === "" ? listed : [single];
}

function readContainer(
  fields: Fields,
  value: Readonly<Record<string, unknown>>,
  path: ManifestPath,
): ManifestContainer {
  const security = fields.record(value["securityContext"], [...path, "securityContext"]);
  const number = (name: string) => (typeof security[name] === "number" ? security[name] : null);
  const env = fields.list(value["env"], [...path, "env"]).map((each, i): [string, string | null] => {
    const place = [...path, "env", i];
    const variable = fields.record(each, place);
    const name = fields.text(variable["name"], [...place, "name"]);
    return [name, "valueFrom" in variable ? null : fields.text(variable["value"], [...place, "value"])];
  });
  return {
    name: fields.text(value["name"], [...path, "name"]),
    image: fields.text(value["image"], [...path, "image"]),
    args: fields.texts(value["args"], [...path, "args"]),
    env: new Map(env),
    runAsUser: number("runAsUser"),
    runAsGroup: number("runAsGroup"),
    path,
  };
}
