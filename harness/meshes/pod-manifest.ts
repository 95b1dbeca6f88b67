import { canonicalAddress } from "../model/address.ts";
import { codedFinding, type Parsed } from "../model/finding.ts";
import { loadYaml } from "../model/packages.ts";
import { readYamlValue } from "../model/yaml-value.ts";
import { type Fields, makeFields, namePath } from "./manifest-fields.ts";
import { type FoundPod, findPods } from "./manifest-kinds.ts";
import type { ManifestContainer, ManifestPath, PodManifest } from "./manifest-pod.ts";
import type { MeshFile } from "./mesh.ts";

/**
 * Reads a pod's manifest, YAML or JSON, as `kubectl get pod NAME -o yaml` prints it; of a List, or of several documents, the only object
 * that describes pods; of a Deployment and the like its template. Gives every finding with its line.
 */
export function parsePodManifest({ path: file, text }: MeshFile): Parsed<PodManifest> {
  const { isNode, LineCounter, parseAllDocuments } = loadYaml();
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
    return documents.map((document) => readYamlValue(document));
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
  const security = fields.record(spec["securityContext"], ["spec", "securityContext"]);
  const containers = (field: string) =>
    fields
      .list(spec[field], ["spec", field])
      .map((each, i) => readContainer(fields, fields.record(each, ["spec", field, i]), ["spec", field, i], security));
  const [initContainers, others] = [containers("initContainers"), containers("containers")];
  refuseSameNames(fields, [...initContainers, ...others]);
  if (spec["hostNetwork"] === true)
    fields.refuse(["spec", "hostNetwork"], "The pod has the node's own network, in which no mesh makes rules for it.");
  const manifest: PodManifest = {
    file,
    name,
    labels: fields.map(metadata["labels"], ["metadata", "labels"]),
    annotations: fields.map(metadata["annotations"], ["metadata", "annotations"]),
    initContainers,
    containers: others,
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
  const [first = single] = listed;
  if (single !== "" && canonicalAddress(single) !== canonicalAddress(first))
    fields.refuse(
      ["status", "podIP"],
      `It is ${single}, and the first of status.podIPs is ${first}; the two are the same.`,
    );
  return listed.length > 0 || single === "" ? listed : [single];
}

/** Kubernetes takes each name once in a pod; of two containers nobody knows which one is meant. */
function refuseSameNames(fields: Fields, containers: readonly ManifestContainer[]): void {
  for (const [i, { name, path }] of containers.entries()) {
    const first = containers.findIndex((other) => other.name === name);
    const place = namePath(containers[first]?.path ?? []);
    if (name !== "" && first < i)
      fields.refuse([...path, "name"], `${place} has the name "${name}" already; a pod has each name once.`);
  }
}

function readContainer(
  fields: Fields,
  value: Readonly<Record<string, unknown>>,
  path: ManifestPath,
  ofPod: Readonly<Record<string, unknown>>,
): ManifestContainer {
  const own = fields.record(value["securityContext"], [...path, "securityContext"]);
  const number = (name: string) => {
    const id = own[name] ?? ofPod[name];
    return typeof id === "number" ? id : null;
  };
  const env = fields.list(value["env"], [...path, "env"]).map((each, i): [string, string | null] => {
    const place = [...path, "env", i];
    const variable = fields.record(each, place);
    const name = fields.text(variable["name"], [...place, "name"]);
    return [name, "valueFrom" in variable ? null : fields.text(variable["value"], [...place, "value"])];
  });
  return {
    name: fields.text(value["name"], [...path, "name"]),
    image: fields.text(value["image"], [...path, "image"]),
    command: fields.texts(value["command"], [...path, "command"]),
    args: fields.texts(value["args"], [...path, "args"]),
    env: new Map(env),
    envFrom: fields.list(value["envFrom"], [...path, "envFrom"]).length === 0 ? "none" : "given",
    runAsUser: number("runAsUser"),
    runAsGroup: number("runAsGroup"),
    path,
  };
}
