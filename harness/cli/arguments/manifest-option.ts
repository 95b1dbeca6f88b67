import type { ManifestSource } from "../../meshes/manifest.ts";
import { namePath } from "../../meshes/manifest-fields.ts";
import { findManifestMesh } from "../../meshes/manifest-mesh.ts";
import { findOtherOwner } from "../../meshes/manifest-owner.ts";
import type { PodManifest } from "../../meshes/manifest-pod.ts";
import type { MeshInput } from "../../meshes/mesh.ts";
import type { NamedMesh } from "../../meshes/meshes.ts";
import { parsePodManifest } from "../../meshes/pod-manifest.ts";
import { canonicalAddress, familyOf, serverAddress } from "../../model/address.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { DEFAULT_ADDRESSES } from "../../model/pod.ts";
import type { PodShape } from "../../model/pod-shape.ts";
import type { CommandIo } from "../command.ts";
import { readInput } from "../input/input-file.ts";
import { DEFAULT_RESOLVERS } from "../input/pod-facts.ts";

const OPTION = "--manifest";

/** Settings that a pod's manifest gives, for the mesh that it names. */
export interface ReadManifestFile extends Pick<MeshInput, "tokens" | "config" | "environment"> {
  readonly path: string;
  readonly mesh: NamedMesh;
  /** The pod's addresses; none where the manifest tells none. */
  readonly podIps: readonly string[];
  readonly resolvers: readonly string[];
  /** What was read from where, a line each. */
  readonly told: readonly string[];
  /** Says what in the manifest contradicts the pod that its own settings lead to. */
  findContradictions(shape: PodShape): readonly Finding[];
}

/** Takes `--manifest FILE` out of a command's words and reads the file; null without it, or with findings. */
export type TakeManifest = (
  words: readonly string[],
  asked: NamedMesh | null,
  io: Pick<CommandIo, "workingDirectory">,
  findings: Finding[],
) => { readonly words: readonly string[]; readonly manifest: ReadManifestFile | null };

/** Takes the option out of a command's words, wherever it stands: which mesh is meant decides how the other words are read. */
export const takeManifest: TakeManifest = (words, asked, io, findings) => {
  const isOption = (word: string | undefined) => word === OPTION || word?.startsWith(`${OPTION}=`) === true;
  const isValue = (at: number) => words[at - 1] === OPTION;
  const left = words.filter((word, at) => !isOption(word) && !isValue(at));
  const paths = words.flatMap((word, at) => {
    if (!isOption(word) || isValue(at)) return [];
    return word === OPTION ? (words[at + 1] ?? "") : word.slice(OPTION.length + 1);
  });
  if (paths.includes(""))
    findings.push(codedFinding("missing-value", OPTION, `The value is missing: ${OPTION} takes FILE.`));
  if (paths.length > 1)
    findings.push(codedFinding("duplicate", OPTION, "One manifest is enough; give that of one pod."));
  const [path] = paths;
  return { words: left, manifest: path === undefined || path === "" ? null : readManifest(path, asked, io, findings) };
};

function readManifest(
  path: string,
  asked: NamedMesh | null,
  io: Pick<CommandIo, "workingDirectory">,
  findings: Finding[],
): ReadManifestFile | null {
  const text = readInput(path, io, findings);
  if (text === null) return null;
  const pod = parsePodManifest({ path: path === "-" ? "standard input" : path, text });
  const found = pod.ok ? findManifestMesh(pod.value, asked) : pod;
  for (const one of [pod, found])
    if (!one.ok) {
      findings.push(...one.findings);
      return null;
    }
  if (!pod.ok || !found.ok) return null;
  const { mesh, evidence } = found.value;
  const read = mesh.manifest?.read(pod.value);
  findings.push(...(read?.findings ?? []));
  const addresses = readAddresses(pod.value, findings);
  const resolvers = listServers(pod.value, findings);
  const settings = read?.settings ?? null;
  if (settings === null) return null;
  const sources: readonly ManifestSource[] = [
    {
      says: `${pod.value.name} is in the mesh ${mesh.name}, by ${evidence[0]?.says ?? "--mesh"}`,
      path: evidence[0]?.path ?? null,
    },
    ...settings.sources,
    ...addresses.sources,
    ...describeServers(pod.value),
  ];
  return {
    ...settings,
    path,
    mesh,
    podIps: addresses.podIps,
    resolvers,
    told: sources.map((source) => tellSource(source, pod.value)),
    findContradictions: (shape) => {
      const other = findOtherOwner(pod.value, mesh.manifest?.proxyContainers ?? [], shape);
      return other === null ? [] : [other];
    },
  };
}

/** `pod.yaml:12: annotation config.linkerd.io/skip-outbound-ports: 5432 (metadata.annotations…)`. */
function tellSource({ says, path }: ManifestSource, { file, lineOf }: PodManifest): string {
  const line = path === null ? null : lineOf(path);
  const place = path === null || path.includes("annotations") ? "" : `, ${namePath(path)}`;
  return `${file}${line === null ? "" : `:${line}`}: ${says}${place}`;
}

/** The sandbox gives some addresses to its own hosts; a pod that has one of them in its cluster gets the usual one here. */
function readAddresses(pod: PodManifest, findings: Finding[]) {
  const { pod: own, ...others } = DEFAULT_ADDRESSES;
  const taken = Object.values(others).flatMap((host) => Object.values(host));
  const sources: ManifestSource[] = [];
  const podIps = pod.addresses.flatMap((text, i) => {
    const path = ["status", "podIPs", i];
    const address = canonicalAddress(text);
    if (address === null) {
      findings.push(codedFinding("malformed-text", pod.file, `"${text}" is not an address.`, pod.lineOf(path)));
      return [];
    }
    const isTaken = taken.includes(address);
    const used = isTaken ? own[familyOf(address)] : address;
    const why = isTaken ? `, for which ${used} stands here: another host of the sandbox has that address` : "";
    sources.push({ says: `the pod's address ${address}${why}`, path });
    return [used];
  });
  return { podIps, sources };
}

function listServers({ nameservers, dnsPolicy, file, lineOf }: PodManifest, findings: Finding[]): readonly string[] {
  const own = nameservers.flatMap((server, i) => {
    const address = serverAddress(server);
    const path = ["spec", "dnsConfig", "nameservers", i];
    if (address === null)
      findings.push(codedFinding("malformed-text", file, `"${server}" is not an address.`, lineOf(path)));
    return address ?? [];
  });
  return dnsPolicy === "none" ? own : [...DEFAULT_RESOLVERS, ...own];
}

function describeServers({ nameservers, dnsPolicy }: PodManifest): readonly ManifestSource[] {
  if (nameservers.length === 0 && dnsPolicy === "cluster") return [];
  const beside = dnsPolicy === "none" ? "" : `, beside the cluster's, ${DEFAULT_RESOLVERS.join(", ")}`;
  return [
    { says: `the pod's name servers ${nameservers.join(", ")}${beside}`, path: ["spec", "dnsConfig", "nameservers"] },
  ];
}
