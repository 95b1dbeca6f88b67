import type { MeshFile, MeshInput } from "../../meshes/mesh.ts";
import type { NamedMesh } from "../../meshes/meshes.ts";
import type { WordToken } from "../../meshes/word-tokens.ts";
import { codedFinding, type Finding } from "../../model/finding.ts";
import { NO_LOOKUPS } from "../../model/name-lookups.ts";
import type { CommandIo } from "../command.ts";
import { readInput } from "../input/input-file.ts";
import { readNames } from "../input/names.ts";
import { type Reading, readEnvironmentFiles, readPodFacts } from "../input/pod-facts.ts";
import { cutInjectedWords } from "./default-settings.ts";
import type { ReadManifestFile } from "./manifest-option.ts";
import { lastValue } from "./options.ts";

/** What `--mesh-config -` gave: some commands read settings once before they look at the namespace, and once after. */
let standardInput: string | null = null;

/** What a mesh's settings are read from, beside the options of the command line. */
export interface Around extends Pick<CommandIo, "environment" | "workingDirectory"> {
  /** The pod's addresses where `--pod-ip` names none. */
  readonly podIps?: readonly string[];
  /** The pod's resolvers where `--resolv-conf` names no file. */
  readonly resolvers?: readonly string[];
}

/**
 * Gives what a mesh reads its settings from: its words, behind those of its injector where `isInjected`, its files and variables; or what a
 * manifest says.
 */
export function makeInput(
  { mesh, manifest }: { readonly mesh: NamedMesh; readonly manifest: ReadManifestFile | null },
  { tokens, isInjected }: { readonly tokens: readonly WordToken[]; readonly isInjected: boolean },
  reading: Reading,
  around: Around,
): MeshInput {
  if (manifest !== null) return makeManifestInput(manifest, tokens, reading);
  const file = readMeshConfig(lastValue(reading.options, "mesh-config"), around, reading.findings);
  return {
    tokens: isInjected ? [...cutInjectedWords(mesh, around.environment), ...tokens] : tokens,
    config: isInjected ? mesh.injected.config : file,
    environment: around.environment,
    files: readFiles(mesh, reading),
    names: readNames(),
    pod: readPodFacts(reading, around),
  };
}

/** Reads the file that `--mesh-config` names; null without one, and with a finding where it cannot be read. */
function readMeshConfig(
  path: string | undefined,
  io: Pick<CommandIo, "workingDirectory">,
  findings: Finding[],
): MeshFile | null {
  if (path === undefined) return null;
  const text = path === "-" && standardInput !== null ? standardInput : readInput(path, io, findings);
  if (path === "-") standardInput = text;
  return text === null ? null : { path, text };
}

function readFiles(mesh: NamedMesh, reading: Reading): readonly MeshFile[] {
  if (mesh.variableFiles === "read") return readEnvironmentFiles(reading);
  const named = ["sidecar-env", "cluster-env"].filter((name) => reading.options.values.has(name));
  const message = `${mesh.name} does not read this file; remove the option.`;
  reading.findings.push(...named.map((name) => codedFinding("unsupported", `--${name}`, message)));
  return [];
}

/** Gives what a pod's manifest says; the variables and files of this machine say nothing of that pod. */
function makeManifestInput(
  { tokens, config, environment, podIps, resolvers }: ReadManifestFile,
  typed: readonly WordToken[],
  reading: Reading,
): MeshInput {
  const facts = { ...(podIps.length > 0 ? { podIps } : {}), resolvers };
  return {
    tokens: [...tokens, ...typed],
    config,
    environment,
    files: [],
    // Users and groups are those of the image; services are called alike everywhere.
    names: { ...NO_LOOKUPS, service: readNames().service },
    pod: readPodFacts(reading, facts),
  };
}
